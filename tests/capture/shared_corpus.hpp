#pragma once

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <zlib.h>

/// The tables that describe the shared captures.
namespace tessera::test {

using Row = std::map<std::string, std::string>;

/// One record of RFC 4180 text from `at` on, which moves past it.
inline std::vector<std::string> csv_record(std::string const& text, std::size_t& at) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (; at < text.size(); ++at) {
        char const c = text[at];
        if (c == '"') {
            bool const doubled = quoted && at + 1 < text.size() && text[at + 1] == '"';
            if (doubled) fields.back() += text[at++];
            if (!doubled) quoted = !quoted;
        } else if (c == ',' && !quoted) {
            fields.emplace_back();
        } else if (c == '\n' && !quoted) {
            ++at;
            break;
        } else if (c != '\r' || quoted) {
            fields.back() += c;
        }
    }
    return fields;
}

inline std::vector<Row> csv_rows(std::string const& text) {
    std::size_t at = 0;
    auto const names = csv_record(text, at);
    std::vector<Row> rows;
    while (at < text.size()) {
        auto const fields = csv_record(text, at);
        auto& row = rows.emplace_back();
        for (std::size_t i = 0; i < std::min(names.size(), fields.size()); ++i) {
            row[names[i]] = fields[i];
        }
    }
    return rows;
}

/// The text of a file, unpacked by zlib when it is gzip.
inline std::string file_text(std::filesystem::path const& path) {
    gzFile const file = gzopen(path.c_str(), "rb");
    if (file == nullptr) throw std::runtime_error("cannot open " + path.string());
    std::string text;
    std::array<char, 1 << 16> piece{};
    for (int count = 0; (count = gzread(file, piece.data(), piece.size())) > 0;) {
        text.append(piece.data(), static_cast<std::size_t>(count));
    }
    gzclose(file);
    return text;
}

}  // namespace tessera::test
