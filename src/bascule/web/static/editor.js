// The editor of configurations: numbers that follow the text, what is wrong beside its line, and words that may come next.
// Without it the server does the same, when somebody presses Check.

const PAUSE = 600;
const text = document.getElementById("text");
const form = text.form;
const numbers = document.querySelector(".editor .numbers");
const notes = document.querySelector(".editor .notes");
const said = document.querySelector("[data-said]");
const found = document.querySelector("[data-found]");
const SPARE = 3;
let changed = false;

document.querySelector(".keys").hidden = false;

// Numbers

function resize() {
	const lines = text.value.split("\n").length + SPARE;
	while (numbers.childElementCount < lines) {
		const number = document.createElement("span");
		number.textContent = numbers.childElementCount + 1;
		number.id = `L${number.textContent}`;
		numbers.append(number);
		notes.append(document.createElement("span"));
	}
	while (numbers.childElementCount > lines) {
		numbers.lastElementChild.remove();
		notes.lastElementChild?.remove();
	}
	text.rows = lines;
}

function beginning(line) {
	return text.value.split("\n").slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
}

function goToLine(line) {
	text.focus({ preventScroll: true });
	text.setSelectionRange(beginning(line), beginning(line));
	document.getElementById(`L${line}`)?.scrollIntoView({ block: "center" });
}

found.addEventListener("click", (event) => {
	const link = event.target.closest("a[href^='#L']");
	if (!link) return;
	event.preventDefault();
	goToLine(Number(link.hash.slice(2)));
});
if (/^#L\d+$/.test(location.hash)) {  // after the browser itself went there, which takes the cursor away
	const begin = () => setTimeout(goToLine, 0, Number(location.hash.slice(2)));
	if (document.readyState === "complete") begin();
	else addEventListener("load", begin, { once: true });
}

// What the server says of the text

async function ask(url, name, value) {
	const body = new FormData();
	body.set("proof", form.elements.proof.value);
	body.set(name, value);
	const answer = await fetch(url, { method: "POST", body });
	if (!answer.ok || !answer.headers.get("content-type")?.startsWith("application/json")) throw new Error(answer.statusText);
	return answer.json();
}

let pending = 0;
let asked = 0;

async function check() {
	const mine = ++asked;
	try {
		const rows = await ask(text.dataset.check, "text", text.value);
		if (mine === asked) show(rows);
	} catch {
		said.textContent = "not checked: Bascule does not answer, or you are not logged in any more";
	}
}

function show(rows) {
	for (const column of [numbers, notes]) for (const each of column.children) each.removeAttribute("class");
	for (const each of notes.children) if (each.textContent) { each.textContent = ""; each.removeAttribute("title"); }
	const list = document.createElement("ul");
	list.className = "diagnostics";
	for (const row of rows) {
		const number = numbers.children[row.line - 1];
		const note = notes.children[row.line - 1];
		if (number && !number.classList.contains("error")) number.className = row.severity;
		if (note) {
			if (!note.classList.contains("error")) note.className = row.severity;
			note.textContent += `${note.textContent && "; "}${row.message}`;
			note.title = note.textContent;
		}
		const item = document.createElement("li");
		item.className = row.severity;
		const hint = document.createElement("span");
		hint.className = "hint";
		hint.textContent = row.hint;
		if (row.line) {
			const link = document.createElement("a");
			link.href = `#L${row.line}`;
			link.textContent = `line ${row.line}`;
			item.append(link, " ");
		}
		item.append(row.message, " ", hint);
		list.append(item);
	}
	found.replaceChildren(...(rows.length ? [list] : []));
	said.textContent = rows.length ? `${rows.length} to look at` : "Nothing is wrong with it here.";
}

// Words that may come next

const offers = document.createElement("ul");
offers.className = "offers";
offers.id = "offers";
offers.hidden = true;
offers.setAttribute("role", "listbox");
offers.setAttribute("aria-label", "What may stand here");
document.querySelector(".editor").append(offers);
text.setAttribute("aria-autocomplete", "list");
text.setAttribute("aria-controls", "offers");
let chosen = -1;
let turn = 0;

function begun() {
	return /[^\s{};]*$/.exec(text.value.slice(0, text.selectionStart))[0];
}

async function offer() {
	const mine = ++turn;
	let wanted;
	try {
		wanted = await ask(text.dataset.complete, "before", text.value.slice(0, text.selectionStart));
	} catch {
		return;
	}
	if (mine !== turn || document.activeElement !== text) return;
	const begin = begun();
	if (wanted.length === 1 && wanted[0].text === begin) wanted = [];
	offers.replaceChildren(...wanted.map((each, n) => {
		const item = document.createElement("li");
		item.id = `offer-${n}`;
		item.setAttribute("role", "option");
		if (each.literal) item.dataset.word = each.text;
		const word = document.createElement("b");
		word.textContent = each.text;
		item.append(word, ` ${each.help}`);
		return item;
	}));
	if (!wanted.length) return close();
	place();
	offers.hidden = false;
	choose(wanted.findIndex((each) => each.literal));
}

// Where the cursor is: the text is written in letters of one width, and its lines are not broken.
function place() {
	const before = text.value.slice(0, text.selectionStart).split("\n");
	const style = getComputedStyle(text);
	const canvas = document.createElement("canvas").getContext("2d");
	canvas.font = `${style.fontSize} ${style.fontFamily}`;
	const letter = canvas.measureText("m").width;
	const column = [...before.at(-1)].reduce((sum, each) => (each === "\t" ? sum + 4 - (sum % 4) : sum + 1), 0) - begun().length;
	const left = text.offsetLeft + parseFloat(style.paddingLeft) + column * letter - text.scrollLeft;
	offers.style.left = `${Math.max(0, Math.min(left, text.offsetLeft + text.clientWidth - 240))}px`;
	offers.style.top = `${text.offsetTop + parseFloat(style.paddingTop) + before.length * parseFloat(style.lineHeight)}px`;
}

function choose(n) {
	chosen = n;
	for (const [each, item] of [...offers.children].entries()) item.setAttribute("aria-selected", String(each === n));
	if (n >= 0) {
		text.setAttribute("aria-activedescendant", `offer-${n}`);
		offers.children[n].scrollIntoView({ block: "nearest" });
	} else text.removeAttribute("aria-activedescendant");
}

function close() {
	turn += 1;
	offers.hidden = true;
	chosen = -1;
	text.removeAttribute("aria-activedescendant");
}

function take(item) {
	const word = item?.dataset.word;
	const length = begun().length;
	close();
	if (word === undefined) return;
	text.focus();
	text.setSelectionRange(text.selectionStart - length, text.selectionEnd);
	type(`${word} `);
}

// So that what is typed can be undone.
function type(words) {
	if (!document.execCommand("insertText", false, words)) {
		text.setRangeText(words, text.selectionStart, text.selectionEnd, "end");
		text.dispatchEvent(new Event("input"));
	}
}

offers.addEventListener("mousedown", (event) => {
	event.preventDefault();
	take(event.target.closest("li"));
});

// Keys

function move(step) {
	const count = offers.childElementCount;
	choose((chosen + step + count) % count);
}

text.addEventListener("keydown", (event) => {
	if (event.key === " " && event.ctrlKey) {
		event.preventDefault();
		offer();
	} else if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
		event.preventDefault();
		form.requestSubmit(form.querySelector("[value=save]"));
	} else if (!offers.hidden) {
		if (event.key === "ArrowDown" || event.key === "ArrowUp") {
			event.preventDefault();
			move(event.key === "ArrowDown" ? 1 : -1);
		} else if (event.key === "Tab" || (event.key === "Enter" && chosen >= 0)) {
			event.preventDefault();
			take(offers.children[Math.max(chosen, 0)]);
		} else if (event.key === "Escape") close();
	} else if (event.key === "Enter" && !event.ctrlKey && !event.shiftKey) {
		event.preventDefault();
		const line = text.value.slice(0, text.selectionStart).split("\n").at(-1);
		type(`\n${/^\s*/.exec(line)[0]}${/\{\s*$/.test(line) ? "\t" : ""}`);
	}
});

text.addEventListener("input", (event) => {
	changed = true;
	resize();
	clearTimeout(pending);
	pending = setTimeout(check, PAUSE);
	if (event.inputType === "insertText" && /[\w"<-]/.test(event.data ?? "") && begun()) offer();
	else close();
});
if ("unchecked" in said.dataset) check();
text.addEventListener("blur", close);
text.addEventListener("click", close);
form.addEventListener("submit", () => { changed = false; });
addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
