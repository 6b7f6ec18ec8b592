// Where the pages move: asks at the new place until it answers, then leads there. A link does the same by hand.

const PAUSE = 1000;

async function answers(url) {
	try {
		await fetch(`${url}/healthz`, { mode: "no-cors", cache: "no-store", credentials: "omit" });
		return true;
	} catch {
		return false;
	}
}

async function follow(link) {
	const said = link.parentElement.querySelector("[data-answer]");
	said.textContent = "asking …";
	for (let n = 1; !(await answers(link.dataset.poll)); n += 1) {
		if (n === 3) said.textContent = "no answer yet; your browser may want to see its certificate first: follow the link";
		await new Promise((resolve) => setTimeout(resolve, PAUSE));
	}
	said.textContent = "answers";
	if ("go" in link.dataset) location.assign(link.href);
}

for (const link of document.querySelectorAll("a[data-poll]")) follow(link);

// When its time is over, or somebody decides: what became of it, where the pages are then.
const waiting = document.querySelector("[data-until]");
const look = () => setTimeout(() => location.assign(`${waiting.dataset.after ?? location.pathname}?again=1`), PAUSE);
if (waiting) {
	document.addEventListener("bascule:over", look);
	document.addEventListener("bascule:events", ({ detail }) => {
		if (detail.some((event) => event.event === "configuration" && ["committed", "reverted"].includes(event.state))) look();
	});
}
