// SPDX-License-Identifier: Apache-2.0
// theme.js: light or dark as it was chosen here, before anything is painted; else as the system has it.
try {
	document.documentElement.dataset.theme = localStorage.getItem('theme') ?? '';
} catch {
	// nothing is kept here
}
