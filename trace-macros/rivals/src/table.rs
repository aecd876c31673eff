//! A table of texts, for people or as markdown.

/// Rows under named columns; the first column is left-aligned, as are the columns of prose at the end.
pub(crate) struct Table {
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

/// The last columns hold prose.
const PROSE: usize = 2;

impl Table {
    /// A table without rows.
    pub(crate) fn new(columns: &'static [&'static str]) -> Self {
        Table { columns, rows: Vec::new() }
    }

    /// Adds a row; it has a text for each column.
    pub(crate) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Aligned with spaces.
    pub(crate) fn text(&self) -> String {
        let head: Vec<String> = self.columns.iter().map(ToString::to_string).collect();
        let width = |column: usize| {
            let texts = self.rows.iter().chain([&head]).map(|row| row[column].chars().count());
            texts.max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let cell = |(column, text): (usize, &String)| match self.is_number(column) {
                true => format!("{text:>width$}", width = widths[column]),
                false => format!("{text:<width$}", width = widths[column]),
            };
            let cells: Vec<String> = row.iter().enumerate().map(cell).collect();
            cells.join("  ").trim_end().to_owned() + "\n"
        };
        [&head].into_iter().chain(&self.rows).map(line).collect()
    }

    /// As markdown.
    pub(crate) fn markdown(&self) -> String {
        let rule = |column| if self.is_number(column) { "---:" } else { "---" };
        let rules: Vec<&str> = (0..self.columns.len()).map(rule).collect();
        let mut out = format!("| {} |\n| {} |\n", self.columns.join(" | "), rules.join(" | "));
        for row in &self.rows {
            out += &format!("| {} |\n", row.join(" | "));
        }
        out
    }

    fn is_number(&self, column: usize) -> bool {
        column > 0 && column < self.columns.len() - PROSE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        let mut table = Table::new(&["who", "ns", "target", "remarks"]);
        table.push(["ours", "9", "met", "-"].map(str::to_owned).to_vec());
        assert_eq!(table.text(), "who   ns  target  remarks\nours   9  met     -\n");
        assert_eq!(
            table.markdown(),
            "| who | ns | target | remarks |\n| --- | ---: | --- | --- |\n| ours | 9 | met | - |\n"
        );
    }
}
