// Opens a workbook in a JavaScript library and saves it, as a web page or a server that "just adds a column" does:
// node resave.cjs LIBRARY FOLDER SOURCE TARGET, where FOLDER holds the library below node_modules.
const { createRequire } = require("node:module");

const [library, folder, source, target] = process.argv.slice(2);
const load = createRequire(`${folder}/`);

async function saveWithExcelJs() {
  const { Workbook } = load("exceljs");
  const book = new Workbook();
  await book.xlsx.readFile(source);
  await book.xlsx.writeFile(target);
}

function saveWithSheetJs() {
  const { readFile, writeFile } = load("xlsx");
  writeFile(readFile(source, { cellStyles: true, cellNF: true, sheetStubs: true }), target, { cellStyles: true });
}

Promise.resolve()
  .then(library === "exceljs" ? saveWithExcelJs : saveWithSheetJs)
  .catch((fault) => {
    console.error(fault);
    process.exit(1);
  });
