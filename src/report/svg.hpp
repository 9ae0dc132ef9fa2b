#pragma once

#include <string>
#include <string_view>

namespace tessera::report {

/// Writes SVG elements one after the other. Coordinates in user units, y downwards; `classes` name
/// rules of style_sheet(); text is escaped here and nowhere else.
class Svg {
  public:
    void line(double x1, double y1, double x2, double y2, std::string_view classes);
    void rectangle(double x, double y, double width, double height, std::string_view classes,
                   double opacity = 1);
    void text(double x, double y, std::string_view words, std::string_view classes);
    void slanted_text(double x, double y, std::string_view words, std::string_view classes);
    void path(std::string_view commands, std::string_view classes, std::string_view dashes = {});

    /// Elements from here to `close` are shifted by (x, y); `hint` is shown when one points at
    /// them.
    void open_group(double x, double y);
    void open_hint(std::string_view hint);
    void close();

    /// The elements so far as a document; `title` is read aloud by screen readers.
    std::string document(double width, double height, std::string_view title) const;

  private:
    std::string body_;
};

/// `name` cut to `limit` characters, the cut shown by an ellipsis.
std::string shortened(std::string_view name, std::size_t limit);

/// Characters of UTF-8 text.
std::size_t character_count(std::string_view text);

}  // namespace tessera::report
