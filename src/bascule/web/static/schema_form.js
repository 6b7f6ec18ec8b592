// Forms made from the keyword table: what is wrong is said while it is written, and a choice shows its fields by itself.

for (const form of document.querySelectorAll("form[data-judge]")) {
	for (const button of form.querySelectorAll("button.choose")) {
		button.hidden = true;
		button.previousElementSibling.addEventListener("change", (event) => fill(event.target.name));
	}

	// Asks for the fields of what was chosen, and leaves all others as they are.
	async function fill(name) {
		const body = new FormData(form);
		body.set("again", "show");
		const answer = await fetch(form.action, { method: "POST", body });
		if (!answer.ok) return;
		const slot = `[data-choice="${CSS.escape(name)}"]`;
		const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(slot);
		form.querySelector(slot)?.replaceChildren(...(fresh?.childNodes ?? []));
	}

	const touched = new Set();
	let asked = 0;

	form.addEventListener("change", async (event) => {
		touched.add(event.target.name);
		const mine = ++asked;
		const answer = await fetch(form.dataset.judge, { method: "POST", body: new FormData(form) });
		if (!answer.ok || mine !== asked) return;
		show(await answer.json());
	});

	function list(place, sentences) {
		place.replaceChildren(...sentences.map((words) => Object.assign(document.createElement("li"), { textContent: words })));
	}

	function show({ wrong, said, changes = [] }) {
		for (const place of form.querySelectorAll("[data-wrong]")) {
			const name = place.dataset.wrong;
			const words = (touched.has(name) || !place.hidden) ? (wrong[name] ?? "") : "";
			place.textContent = words;
			place.hidden = !words;
			const field = document.getElementById(name);
			if (words) field?.setAttribute("aria-invalid", "true");
			else field?.removeAttribute("aria-invalid");
		}
		const place = form.querySelector("[data-said]");
		if (place) {
			list(place, said);
			place.hidden = !said.length;
		}
		const brought = form.querySelector("[data-changes]");
		if (brought) {
			list(brought.querySelector("ul"), changes);
			brought.hidden = !changes.length;
		}
	}
}
