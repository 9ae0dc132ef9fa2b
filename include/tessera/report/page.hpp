#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tessera/report/table.hpp>

namespace tessera::report {

/// A picture with the numbers that it shows.
struct Figure {
    std::string svg;      ///< a document of to_svg()
    std::string caption;  ///< one sentence
    Table numbers;
};

enum class Tone { plain, warning };

/// An HTML page built from top to bottom: one file, no script, nothing loaded from elsewhere, light
/// and dark by the reader's setting. All text is escaped; the text is well-formed XML as well.
class Page {
  public:
    explicit Page(std::string_view title);

    void headline(std::string_view text, Tone tone = Tone::plain);
    void heading(std::string_view text);
    void paragraph(std::string_view text);
    void table(Table const& table);

    /// Small pictures side by side, each above a fold with its numbers.
    void figures(std::vector<Figure> const& figures);

    /// A picture that may be wider than the page: it scrolls in its own frame.
    void wide_figure(Figure const& figure);

    /// Text kept line by line behind a fold, e.g. a configuration.
    void fold(std::string_view summary, std::string_view text);

    std::string html() const;

  private:
    std::string title_;
    std::string body_;
};

/// Names and values as a table of two columns.
Table facts(std::vector<std::pair<std::string, std::string>> const& pairs);

}  // namespace tessera::report
