// SPDX-License-Identifier: Apache-2.0
// Makes monday.graphql: the types that Monday publishes for its clients (graphql-codegen's
// TypeScript; no schema file is in any package of theirs), turned back into the schema they came of.
//
//	npm install --no-save @mondaydotcomorg/api@14.0.0 typescript@5.9.3
//	node tests/peers/monday.mjs \
//	    node_modules/@mondaydotcomorg/api/dist/cjs/lib/generated/sdk.d.ts > tests/peers/monday.graphql
import fs from "node:fs";
import ts from "typescript";

const source = ts.createSourceFile("sdk.d.ts", fs.readFileSync(process.argv[2], "utf8"),
    ts.ScriptTarget.Latest, true);
const types = new Map(), enums = new Map();
source.forEachChild((node) => {
	if (ts.isTypeAliasDeclaration(node) && !node.typeParameters)
		types.set(node.name.text, node.type);
	if (ts.isEnumDeclaration(node))
		enums.set(node.name.text, node.members.map((m) => m.initializer.text));
});
const scalars = types.get("Scalars").members.map((m) => m.name.text);
types.delete("Scalars");

// An object type: its members, its interfaces, and whether it says its own name.
function shape(type) {
	const ret = { members: [], interfaces: [], named: false };

	for (const part of ts.isIntersectionTypeNode(type) ? type.types : [type]) {
		if (ts.isTypeReferenceNode(part))
			ret.interfaces.push(part.typeName.getText());
		else if (ts.isTypeLiteralNode(part))
			for (const m of part.members)
				if (m.name.text === "__typename")
					ret.named = true;
				else
					ret.members.push(m);
	}
	return ret;
}

function typeName(type, nullable) {
	const bang = nullable ? "" : "!";

	if (ts.isIndexedAccessTypeNode(type))		// Scalars["ID"]["input"]
		return type.objectType.indexType.literal.text + bang;
	if (!ts.isTypeReferenceNode(type))
		throw Error(`a type of another kind: ${type.getText()}`);
	const name = type.typeName.getText();
	if (name === "Maybe" || name === "InputMaybe")
		return typeName(type.typeArguments[0], true);
	if (name === "Array")
		return `[${typeName(type.typeArguments[0], false)}]${bang}`;
	return name + bang;
}

// What the client's own queries and mutations answer is no type of the schema.
function isOperation(name) {
	if (/(Query|Mutation)Variables$|Fragment$/.test(name))
		return true;
	if (name === "Query" || name === "Mutation")
		return false;
	const type = types.get(name);
	return ts.isTypeLiteralNode(type) && type.members.some((m) => m.name.text === "__typename"
	    && /^'(Query|Mutation)'$/.test(m.type.getText()));
}

const isObject = (type) => ts.isTypeLiteralNode(type) || ts.isIntersectionTypeNode(type);
const shapes = new Map();
for (const [name, type] of types)
	if (!name.endsWith("Args") && !isOperation(name) && isObject(type))
		shapes.set(name, shape(type));
const interfaces = new Set([...shapes.values()].flatMap((s) => s.interfaces));

// The arguments of Query.items_page are the type QueryItems_PageArgs.
function argumentsOf(owners, field) {
	const words = field.split("_").map((w) => w && w[0].toUpperCase() + w.slice(1)).join("_");
	const found = owners.map((o) => types.get(`${o}${words}Args`)).find(Boolean);

	return found ? `(${found.members.map((m) => `${m.name.text}: ${typeName(m.type)}`).join(", ")})` : "";
}

function printObject(name, s) {
	const kind = interfaces.has(name) ? "interface" : s.named ? "type" : "input";
	const members = new Map(s.members.map((m) => [m.name.text, m]));

	for (const m of s.interfaces.flatMap((i) => shapes.get(i).members))
		if (!members.has(m.name.text))
			members.set(m.name.text, m);
	if (!members.size)
		return;
	const are = s.interfaces.length ? ` implements ${s.interfaces.join(" & ")}` : "";
	console.log(`${kind} ${name}${are} {`);
	for (const [field, m] of members)
		console.log(`  ${field}${kind === "input" ? "" : argumentsOf([name, ...s.interfaces], field)}: `
		    + typeName(m.type));
	console.log("}");
}

console.log(`# Made by tests/peers/monday.mjs of the types in npm's @mondaydotcomorg/api 14.0.0, by the
# monday.com Api Team. Its package.json says MIT; it carries no licence file.`);
for (const name of scalars)
	if (!["ID", "String", "Boolean", "Int", "Float"].includes(name))
		console.log(`scalar ${name}`);
for (const [name, values] of enums)
	console.log(`enum ${name} { ${values.join(" ")} }`);
for (const [name, type] of types)
	if (ts.isUnionTypeNode(type) && !isOperation(name) && type.types.every(ts.isTypeReferenceNode))
		console.log(`union ${name} = ${type.types.map((x) => x.getText()).join(" | ")}`);
for (const [name, s] of shapes)
	printObject(name, s);
