# SPDX-License-Identifier: ISC
# fish: what may stand at the cursor is known by the program itself (lampwatch complete).
function __lampwatch_complete
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l program $typed[1]
    set -e typed[1]
    for line in ($program complete -- $typed "$current" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$current"
            case :folders
                __fish_complete_directories "$current" ''
            case '*'
                echo $line
        end
    end
end
complete -c lampwatch -f -a '(__lampwatch_complete)'
