// SPDX-License-Identifier: Apache-2.0
// drop.js: pictures that are dropped on the page, folders walked to their leaves.
import { byId } from './dom.js';

async function filesOf(entry) {
	if (entry.isFile)
		return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
	const reader = entry.createReader();
	const found = [];
	for (;;) {	// a reader hands out a hundred at a time
		const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
		if (!some.length)
			break;
		found.push(...some);
	}
	found.sort((a, b) => (a.name < b.name ? -1 : 1));
	return (await Promise.all(found.map(filesOf))).flat();
}

const isFiles = (transfer) => transfer.types.includes('Files');	// and not a piece of text
const isPicture = (file) => !file.name.startsWith('.') && !/^(text|audio|video)\//.test(file.type);

function dropped(transfer) {
	const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
	const folder = entries.find((entry) => entry.isDirectory)?.name ?? '';
	return entries.length
		? Promise.all(entries.map(filesOf)).then((lists) => [lists.flat().filter(isPicture), folder])
		: Promise.resolve([[...transfer.files], '']);
}

// isTaken(): whether anything is; over() when something is held above the page; taken(files, folder)
export function takeDrops({ isTaken, over, taken }) {
	const drop = byId('drop');
	for (const kind of ['dragenter', 'dragover'])
		document.addEventListener(kind, (e) => {
			if (!isFiles(e.dataTransfer) || !isTaken())
				return;
			e.preventDefault();
			drop.classList.add('over');
			over();
		});
	for (const kind of ['dragleave', 'drop'])
		document.addEventListener(kind, (e) => {
			if (kind === 'drop' || !e.relatedTarget)
				drop.classList.remove('over');
		});
	document.addEventListener('drop', async (e) => {
		if (!isFiles(e.dataTransfer))
			return;
		e.preventDefault();	// a browser would go there
		if (isTaken())
			taken(...await dropped(e.dataTransfer));
	});
}
