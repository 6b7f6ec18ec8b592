// What pages do by themselves while somebody looks. Without it every page works, and shows what was so when it was loaded.

// Times get the zone of whoever reads; pages write them in UTC.
const local = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" });
const places = byKey("live");
const states = byKey("liveStatus");

function byKey(name) {
	const found = new Map();
	for (const element of document.querySelectorAll(`[data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}]`)) {
		const key = element.dataset[name];
		found.set(key, [...(found.get(key) ?? []), element]);
	}
	return found;
}

function show(key, value) {
	for (const element of places.get(key) ?? []) {
		if (element.textContent === value) continue;
		element.textContent = value;
		if ("status" in element.dataset) element.dataset.status = value;
		delete element.dataset.changed;
		requestAnimationFrame(() => { element.dataset.changed = ""; });
	}
	for (const element of states.get(key) ?? []) element.dataset.status = value;
}

// What comes no more is not left standing as if it were so.
const OLD = 8000, AGAIN = 10000;
const old = alarm("This page is not of now any more: Bascule does not answer. ", "", "Load it again");
let waits, over = false;

function alarm(words, href, link) {
	const notice = Object.assign(document.createElement("div"), { className: "notice bad" });
	const said = document.createElement("p");
	said.append(words, Object.assign(document.createElement("a"), { textContent: link }));
	said.lastChild.setAttribute("href", href);
	notice.setAttribute("role", "alert");
	notice.append(said);
	return notice;
}

function lost() { if (!over) waits ??= setTimeout(() => document.querySelector("main")?.prepend(old), OLD); }

function found() {
	clearTimeout(waits);
	waits = undefined;
	old.remove();
}

// What a page asks by itself keeps nobody logged in: one that is left alone comes to this.
function loggedOut() {
	found();
	if (over) return;
	over = true;
	const login = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
	document.querySelector("main")?.prepend(alarm("Your login has ended. What stands here is not of now any more. ", login, "Log in"));
}

function follow() {
	const source = new EventSource(`/live${document.body.dataset.about ?? ""}`);
	source.addEventListener("open", found);
	source.addEventListener("error", () => {
		lost();
		if (source.readyState === EventSource.CLOSED) refused();  // browsers do not ask again
	});
	source.addEventListener("figures", (message) => {
		for (const [key, value] of Object.entries(JSON.parse(message.data))) show(key, value);
	});
	source.addEventListener("events", (message) => {
		document.dispatchEvent(new CustomEvent("bascule:events", { detail: JSON.parse(message.data) }));
	});
	addEventListener("pagehide", () => source.close(), { once: true });
}

async function refused() {
	const answer = await fetch("/live/login").catch(() => undefined);
	if (answer?.status === 401) loggedOut();
	else setTimeout(follow, AGAIN);
}

if (places.size || states.size || document.querySelector("[data-follow]")) {
	follow();
	addEventListener("pageshow", ({ persisted }) => { if (persisted) follow(); });  // a browser has kept it, and comes back
}

// What happens stands first in the lists that follow it.
const LONGEST_LIST = 30;
const QUIET_KINDS = new Set(["session", "firewall"]);
for (const list of document.querySelectorAll('[data-follow="changes"]')) {
	document.addEventListener("bascule:events", ({ detail }) => {
		for (const event of detail.filter((each) => !QUIET_KINDS.has(each.event))) {
			const item = document.createElement("li");
			const time = document.createElement("time");
			time.dateTime = event.time;
			time.textContent = local.format(new Date(event.time));
			item.append(time, ` ${event.words}`);
			list.prepend(item);
			while (list.children.length > LONGEST_LIST) list.lastElementChild.remove();
		}
	});
}

function localize(part) {
	for (const time of part.querySelectorAll("time[datetime]")) {
		time.title = `${time.dateTime.slice(0, 19).replace("T", " ")} UTC`;
		time.textContent = local.format(new Date(time.dateTime));
	}
}
localize(document);

// A countdown: seconds until a time; those that were left when the page was made count, where it says so, and no other clock.
for (const element of document.querySelectorAll("[data-until]")) {
	const until = element.dataset.left ? Date.now() + 1000 * element.dataset.left : Date.parse(element.dataset.until);
	const tick = () => {
		const left = Math.max(0, Math.round((until - Date.now()) / 1000));
		element.textContent = left >= 120 ? `${Math.ceil(left / 60)} min` : `${left} s`;
		if (left > 0) setTimeout(tick, 500);
		else element.dispatchEvent(new CustomEvent("bascule:over", { bubbles: true }));
	};
	tick();
}

// On a phone the menu begins closed.
const menu = document.querySelector("details.menu");
if (menu && matchMedia("(max-width: 52rem)").matches) menu.open = false;

// What asks for a second thought asks it here; without scripts the page behind the form does.
document.addEventListener("submit", (event) => {
	const words = event.submitter?.dataset.sure ?? event.target.dataset.sure;
	if (words && !confirm(words)) event.preventDefault();
});

// Parts of a page that are loaded again: every so many seconds, or when something has happened; never under somebody's hands.
const LEAST = 2000, SHARE = 200;  // ten who look shall not cost a server more than a twentieth of a core
for (const part of document.querySelectorAll("[data-refresh]")) {
	let due = 0, waiting = false, paused = false;
	const busy = () => paused || document.hidden || part.contains(document.activeElement)
		|| (getSelection()?.type === "Range" && part.contains(getSelection().anchorNode));
	const refresh = async () => {
		if (over || busy()) return;
		const began = performance.now();
		try {
			const answer = await fetch(location.href, { headers: { accept: "text/html" } });
			if (answer.status === 401) return loggedOut();
			const fresh = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
			if (!fresh) lost();
			else found();
			if (!fresh || busy()) return;
			localize(fresh);
			const opened = [...part.querySelectorAll("details")].map((each) => each.open);
			fresh.querySelectorAll("details").forEach((each, index) => { each.open = opened[index] ?? each.open; });
			part.replaceChildren(...fresh.childNodes);
		} catch {
			lost();  // the server may be on its way to another place
			return;
		} finally {
			due = performance.now() + Math.max(LEAST, SHARE * (performance.now() - began));
		}
	};
	const soon = () => {
		if (waiting) return;
		waiting = true;
		setTimeout(async () => { await refresh(); waiting = false; }, Math.max(300, due - performance.now()));
	};
	const every = 1000 * Number(part.dataset.refresh);
	if (every) setInterval(soon, every);
	document.addEventListener("bascule:events", soon);
	const pause = document.querySelector(`[data-pauses="${CSS.escape(part.id)}"]`);
	if (pause) {
		pause.hidden = false;
		pause.addEventListener("click", () => {
			paused = !paused;
			pause.setAttribute("aria-pressed", String(paused));
			if (!paused) soon();
		});
	}
}
