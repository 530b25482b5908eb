/* SPDX-License-Identifier: ISC
 *
 * Finds mistakes in templates before an alert needs them.
 */
#ifndef LAMPWATCH_LINT_TEMPLATES_H
#define LAMPWATCH_LINT_TEMPLATES_H

struct config;
struct problems;

/*
 * Complains about what cannot be read or parsed of the mails' templates in the folder templates and
 * of those that the configuration's webhooks name, and where an alert makes no mail, or one of
 * these no JSON of it.
 */
void lint_templates(const struct config *config, const char *templates, struct problems *problems);

#endif
