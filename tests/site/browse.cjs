// SPDX-License-Identifier: ISC
//
// Opens pages in headless Chromium as people do: narrow and wide, light and dark.
//   node browse.cjs CHROMIUM PICTURES BASE PAGE…
// Prints one line for each thing that is wrong: a request that leaves BASE, a script but the index's, an error on
// the console, a page wider than its window, a word that is broken though it has room, a strip that leads to another
// day than it shows, a search that does not find, and whatever axe-core finds. PICTURES ("-": none) gets screenshots.
"use strict";
const fs = require("fs");
const path = require("path");
const puppeteer = require("puppeteer-core");

const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [chromium, pictures, base, ...names] = process.argv.slice(2);
const widths = [360, 700, 1280];
const schemes = ["light", "dark"];
let wrong = 0;

function complain(page, words) {
	wrong++;
	console.log(`${page}: ${words}`);
}

function listen(tab, name) {
	// What the policy refuses is announced and never sent; what is answered was sent.
	tab.on("response", (response) => {
		const url = response.url();
		if (!url.startsWith(base) && !url.startsWith("data:") && url !== "about:srcdoc")
			complain(name(), `asked for ${url}`);
		else if (response.status() >= 400) complain(name(), `${url}: ${response.status()}`);
	});
	tab.on("dialog", (dialog) => {
		complain(name(), `a script ran: ${dialog.message()}`);
		dialog.dismiss();
	});
	// What the policy refuses in a hostile copy is reported here, and is as it should be.
	tab.on("console", (message) => {
		if (message.type() === "error" && !/Content.Security.Policy|sandboxed|^Blocked script/.test(message.text()))
			complain(name(), `console: ${message.text()}`);
	});
	tab.on("popup", () => complain(name(), "opened a window"));
}

// axe needs a script of its own in the page, which the policy rightly refuses: this way goes round it.
async function judge(tab, name, scheme) {
	const client = await tab.createCDPSession();
	const { frameTree } = await client.send("Page.getFrameTree");
	const { executionContextId } = await client.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
	const run = (expression) =>
		client.send("Runtime.evaluate", { expression, contextId: executionContextId, awaitPromise: true, returnByValue: true });
	await run(axe + ";0");
	const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
	const { result, exceptionDetails } = await run(
		`axe.run(document, {iframes: false, runOnly: ${JSON.stringify(tags)}}).then(r => JSON.stringify(r.violations.map(v =>
			v.id + ": " + v.help + " " + v.nodes.slice(0, 2).map(n => n.html.slice(0, 160)).join(" | "))))`);
	if (exceptionDetails) return complain(name, `axe-core failed: ${exceptionDetails.exception.description}`);
	for (const violation of JSON.parse(result.value)) complain(name, `axe-core, ${scheme}: ${violation}`);
	await client.detach();
}

// Clicks all over each copy of a foreign page, as somebody would who takes it for the page itself.
async function poke(tab, name) {
	for (const frame of await tab.$$("iframe")) {
		await frame.scrollIntoView();
		const box = await frame.boundingBox();
		for (let x = 10; x < box.width; x += box.width / 6)
			for (let y = 10; y < box.height; y += 24) await tab.mouse.click(box.x + x, box.y + y);
	}
	if (tab.url() !== base + name) complain(name, `a click led to ${tab.url()}`);
	for (const frame of tab.frames().slice(1))
		if (frame.url() !== "about:srcdoc" && !frame.url().startsWith("chrome-error:")) complain(name, `a click led a frame to ${frame.url()}`);
}

// In the page: words of names that are broken though a line has room for them, and rows that go on beyond their box.
function cut() {
	const broken = [];
	for (const name of document.querySelectorAll("h1, .pages > li > a:first-child, .name, th[scope=row]")) {
		const text = name.firstChild, range = document.createRange(), room = name.closest("li, tr, p, header").clientWidth;
		for (const word of text && text.nodeType === Node.TEXT_NODE ? text.data.matchAll(/[\p{L}\p{N}_]+/gu) : []) {
			range.setStart(text, word.index);
			range.setEnd(text, word.index + word[0].length);
			const parts = [...range.getClientRects()];
			if (parts.length > 1 && parts.reduce((sum, part) => sum + part.width, 0) < room && !/\p{Lo}/u.test(word[0]))
				broken.push(`the word ${word[0]} is broken`);
		}
	}
	const wide = [...document.querySelectorAll(".scroll")].filter((box) => box.scrollWidth > box.clientWidth);
	return [...broken, ...wide.map((box) => `${box.scrollWidth - box.clientWidth} pixels of a table are cut`)];
}

// In the page: cells of the first strip above a map of links at which another link is hit, or none.
function missed() {
	const wrong = [];
	for (const map of document.querySelectorAll(".map")) {
		const strip = map.querySelector(".strip"), of = map.style.getPropertyValue("--of");
		strip.scrollIntoView({ block: "center" });
		const box = strip.getBoundingClientRect();
		for (const link of map.querySelectorAll("[style^='--at']")) {
			const at = Number(link.style.getPropertyValue("--at")) + Number(link.style.getPropertyValue("--span")) / 2;
			if (document.elementFromPoint(box.x + (box.width * at) / of, box.y + box.height / 2) !== link) wrong.push(`the strip does not lead to ${link.getAttribute("href")}`);
		}
	}
	return wrong;
}

// What a person types, and what is left then: "NUMBER of NUMBER pages", or nothing.
async function search(tab, name) {
	const label = await tab.evaluateHandle(() => document.querySelector(".search label"));
	if (!label.asElement()) return complain(name, "has no search where script runs");
	const state = () => tab.evaluate(() => [[...document.querySelectorAll(".pages > li")].filter((row) => row.offsetHeight > 0).map((row) => row.querySelector("a").firstChild.data),
		document.querySelector(".search [role=status]").textContent]);
	const [all] = await state();
	await label.click();
	await tab.keyboard.type(all[0].toUpperCase());
	const [found, words] = await state();
	const expected = await tab.evaluate((word) => [...document.querySelectorAll(".pages > li")].filter((row) => row.textContent.toLowerCase().includes(word)).length, all[0]);
	if (!found.includes(all[0]) || found.length !== expected || words !== `${found.length} of ${all.length} pages`)
		complain(name, `a search for ${all[0]} shows ${found}: ${words}`);
	await tab.keyboard.type(" nosuchpage");
	const [none, said] = await state();
	if (none.length > 0 || said !== `0 of ${all.length} pages`) complain(name, `a search for nothing shows ${none}: ${said}`);
	await tab.evaluate(() => document.querySelector(".search input").select());
	await tab.keyboard.press("Delete");
	const [again, silence] = await state();
	if (again.length !== all.length || silence !== "") complain(name, `an empty search shows ${again.length} of ${all.length}: ${silence}`);
	await tab.setJavaScriptEnabled(false);
	await tab.reload();
	if ((await tab.$$(".search")).length > 0 || (await tab.$$(".pages > li")).length !== all.length) complain(name, "without script, a search box is there, or a page is not");
	await tab.setJavaScriptEnabled(true);
	await tab.reload();
}

// In the page: gives every name many long words.
function lengthen() {
	for (const name of document.querySelectorAll(".pages > li > a:first-child, .lamps .name, .figures th[scope=row]"))
		if (name.firstChild && name.firstChild.nodeType === Node.TEXT_NODE) name.firstChild.data = "International telecommunication, administration of beacons ";
}

async function look(tab, name, width, scheme) {
	await tab.setViewport({ width, height: 900 });
	await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
	await tab.goto(base + name, { waitUntil: "load" });
	if (tab.url() !== base + name) complain(name, `led away to ${tab.url()}`);
	const measured = await tab.evaluate(() => [document.documentElement.scrollWidth, document.scripts.length]);
	if (measured[0] > width) complain(name, `is ${measured[0]} pixels wide in a window of ${width}`);
	if (measured[1] !== (name === "index.html" ? 1 : 0)) complain(name, `holds ${measured[1]} scripts`);
	for (const words of [...(await tab.evaluate(cut)), ...(await tab.evaluate(missed))]) complain(name, `${width} pixels wide: ${words}`);
	await judge(tab, name, `${scheme} ${width}`);
	if (pictures !== "-")
		await tab.screenshot({ path: path.join(pictures, `${name.replace(/[^a-zA-Z0-9]+/g, "_")}-${width}-${scheme}.png`), fullPage: true });
	if (scheme !== schemes[0]) return;
	if (width === widths[0]) await poke(tab, name);
	if (width === widths[0] && name === "index.html") await search(tab, name);
	await tab.evaluate(lengthen);
	for (const words of await tab.evaluate(cut)) complain(name, `with long names, ${width} pixels wide: ${words}`);
	const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
	if (wide > width) complain(name, `with long names is ${wide} pixels wide in a window of ${width}`);
}

async function browse() {
	const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", "--no-proxy-server"] });
	const tab = await browser.newPage();
	let current = "";
	listen(tab, () => current);
	for (current of names)
		for (const width of widths) for (const scheme of schemes) await look(tab, current, width, scheme);
	await browser.close();
	process.exit(wrong > 0 ? 1 : 0);
}

module.exports = { judge };
if (require.main === module) browse();
