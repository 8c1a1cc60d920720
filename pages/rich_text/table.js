/* Tables in the box for formatted text: put one in, and add or take away rows and columns where the caret is. */
const TABLE_ACTIONS = [
  ['insert', 'Insert a table'], ['row', 'Add a row below'], ['column', 'Add a column to the right'],
  ['no-row', 'Remove this row'], ['no-column', 'Remove this column'], ['no-table', 'Remove the table'],
];

function caretOf(area) {
  const root = area.getRootNode();
  return (root.getSelection ? root : document).getSelection();
}

function cellAtCaret(area) {
  const node = caretOf(area).anchorNode, element = node && (node.nodeType === Node.TEXT_NODE ? node.parentElement : node);
  const cell = element && element.closest('td, th');
  return cell && area.contains(cell) ? cell : null;
}

function putCaretInto(area, cell) {
  const range = document.createRange(), caret = caretOf(area);
  range.selectNodeContents(cell);
  if (!cell.textContent) range.collapse(true);  // typing replaces what stands in the cell, as in a word processor
  caret.removeAllRanges();
  caret.addRange(range);
}

function emptyCell(tag) {
  const cell = document.createElement(tag);
  cell.append(document.createElement('br'));
  return cell;
}

function insertTable(area) {
  const head = '<tr><th>What</th><th>Your answer</th></tr>', row = '<tr><td><br></td><td><br></td></tr>';
  const cell = cellAtCaret(area);
  if (cell) putAfter(cell.closest('table'), head + row + row);
  else document.execCommand('insertHTML', false, `<table><tbody>${head}${row}${row}</tbody></table><p><br></p>`);
}

function putAfter(table, rows) {
  const other = document.createElement('table'), between = document.createElement('p');
  other.innerHTML = `<tbody>${rows}</tbody>`;
  between.append(document.createElement('br'));
  table.after(between, other);
}

function addRow(cell) {
  const row = cell.parentElement, added = document.createElement('tr');
  added.append(...[...row.cells].map(() => emptyCell('td')));
  row.after(added);
  return added.cells[cell.cellIndex];
}

function changeTable(area, action) {
  const cell = cellAtCaret(area);
  if (action === 'insert') return insertTable(area);
  if (!cell) return;
  const table = cell.closest('table'), place = cell.cellIndex;
  if (action === 'row') putCaretInto(area, addRow(cell));
  if (action === 'column') for (const row of table.rows) row.cells[Math.min(place, row.cells.length - 1)].after(
    emptyCell(row.cells[0].tagName.toLowerCase()));
  if (action === 'no-row') cell.parentElement.remove();
  if (action === 'no-column') for (const row of [...table.rows]) row.cells[place]?.remove();
  if (action === 'no-table' || !table.querySelector('td, th')) table.remove();
}

/* The key Tab goes from cell to cell, and beyond the last one adds a row. True when it was used for that. */
function tabInTable(area, back) {
  const cell = cellAtCaret(area);
  if (!cell) return false;
  const cells = [...cell.closest('table').querySelectorAll('td, th')], next = cells.indexOf(cell) + (back ? -1 : 1);
  if (next < 0) return false;
  putCaretInto(area, cells[next] || addRow(cell.parentElement.cells[0]));
  return true;
}
