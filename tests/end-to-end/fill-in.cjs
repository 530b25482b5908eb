// SPDX-License-Identifier: ISC
//
// Fills in forms in headless Chromium as a person does, without script on the page: by what is written there.
//   node fill-in.cjs CHROMIUM PICTURES ADDRESS STEP…
// Steps: "type LABEL=TEXT", "tick LABEL", "untick LABEL", "press WORDS" a button, "follow WORDS" a link, "say": prints
// what the page's main part says, "look NAME": narrow and wide, light and dark, with axe-core. Prints one line for each thing
// that is wrong. PICTURES ("-": none) gets screenshots. status.example.org is 127.0.0.1.
"use strict";
const path = require("path");
const puppeteer = require("puppeteer-core");
const { judge } = require("../site/browse.cjs");

const [chromium, pictures, address, ...steps] = process.argv.slice(2);

const labelled = (tab, label) => tab.locator(`::-p-aria(${label})`).setTimeout(10000);

async function set(tab, label, on) {
	const box = await labelled(tab, label).waitHandle();
	if ((await box.evaluate((input) => input.checked)) !== on) await box.click();
}

async function leave(tab, role, words) {
	const there = await tab.locator(`::-p-aria([name="${words}"][role="${role}"])`).setTimeout(10000).waitHandle();
	await Promise.all([tab.waitForNavigation(), there.click()]);
}

// The page stands as it is while its window changes: what was answered to a POST cannot be had again.
async function look(tab, name) {
	for (const width of [360, 1280])
		for (const value of ["light", "dark"]) {
			await tab.setViewport({ width, height: 900 });
			await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
			const [wide, scripts] = await tab.evaluate(() => [document.documentElement.scrollWidth, document.scripts.length]);
			if (wide > width) console.log(`${name}: is ${wide} pixels wide in a window of ${width}`);
			if (scripts > 0) console.log(`${name}: holds a script`);
			await judge(tab, name, `${value} ${width}`);
			if (pictures !== "-") await tab.screenshot({ path: path.join(pictures, `${name}-${width}-${value}.png`), fullPage: true });
		}
}

const does = {
	type: async (tab, words) => labelled(tab, words.slice(0, words.indexOf("="))).fill(words.slice(words.indexOf("=") + 1)),
	tick: (tab, label) => set(tab, label, true),
	untick: (tab, label) => set(tab, label, false),
	press: (tab, words) => leave(tab, "button", words),
	follow: (tab, words) => leave(tab, "link", words),
	say: async (tab) => console.log(await tab.$eval("main", (main) => main.innerText)),
	look,
};

(async () => {
	const browser = await puppeteer.launch({
		executablePath: chromium,
		args: ["--no-sandbox", "--disable-gpu", "--no-proxy-server", "--ignore-certificate-errors", "--host-resolver-rules=MAP status.example.org 127.0.0.1"],
	});
	const tab = await browser.newPage();
	tab.on("console", (message) => message.type() === "error" && !/status of 4\d\d/.test(message.text()) && console.log(`console: ${message.text()}`));
	await tab.goto(address, { waitUntil: "load" });
	for (const step of steps) {
		const [verb] = step.split(" ", 1);
		await does[verb](tab, step.slice(verb.length + 1));
	}
	await browser.close();
})().catch((error) => {
	console.log(`failed: ${error.message}`);
	process.exit(1);
});
