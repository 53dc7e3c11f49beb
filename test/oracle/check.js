// Parses each file with a grammar of Oracle's SQL and says where one is wrong: a golden file is one statement, a migration
// as many as it has.
const { readFileSync } = require('fs');
const { CharStreams, CommonTokenStream } = require('antlr4ts');
const grammar = 'antlr4ts-sql/dist/src/grammar-output/plsql/';
const { PlSqlLexer } = require(grammar + 'PlSqlLexer');
const { PlSqlParser } = require(grammar + 'PlSqlParser');

function faults(sql) {
	const found = [];
	const listener = {
		syntaxError: (_recognizer, _symbol, line, column, message) => found.push(`${line}:${column + 1}: ${message.slice(0, 100)}`),
	};
	const lexer = new PlSqlLexer(CharStreams.fromString(sql.toUpperCase())); // names and words are the same in capitals
	const parser = new PlSqlParser(new CommonTokenStream(lexer));
	for (const part of [lexer, parser]) {
		part.removeErrorListeners();
		part.addErrorListener(listener);
	}
	parser.sql_script();
	return found;
}

// What the grammar must refuse, or it checks nothing.
for (const wrong of ['SELECT * FROM FROM t;', 'INSERT INTO t (a) VALUES (:1),(:2);', 'SELECT * FROM t LIMIT 1;']) {
	if (faults(wrong).length === 0) throw new Error(`the grammar takes ${wrong}`);
}

const files = process.argv.slice(2);
let wrong = 0;
for (const file of files) {
	const text = readFileSync(file, 'utf8')
		.replace(/^--.*$/gm, '')
		.replace(/^(CREATE (?:UNIQUE )?INDEX .*\)) ONLINE;$/gm, '$1;') // the grammar knows no ONLINE here
		.trimEnd();
	for (const fault of faults(text.endsWith(';') ? text : text + ';')) {
		console.log(`${file}:${fault}`);
		wrong++;
	}
}
console.log(`${files.length} files, ${wrong} faults`);
process.exitCode = wrong === 0 && files.length > 0 ? 0 : 1;
