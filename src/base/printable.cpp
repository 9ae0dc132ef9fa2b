#include <cstddef>
#include <string>

#include <fmt/format.h>

#include <tessera/base/files.hpp>

namespace tessera::base {

namespace {

bool continues(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

// Bytes of the valid UTF-8 sequence at `at`, 0 when there is none (overlong forms, surrogates and
// the marks that reorder text on a screen, U+202A..U+202E and U+2066..U+2069, count as none).
std::size_t sequence_length(std::string_view text, std::size_t at) {
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    auto const first = byte(0);
    if (first < 0x80U) return first >= 0x20U && first != 0x7FU ? 1 : 0;
    if (first >= 0xC3U && first < 0xE0U) return continues(text, at + 1) ? 2 : 0;
    if (first >= 0xE0U && first < 0xF0U) {
        if (!continues(text, at + 1) || !continues(text, at + 2)) return 0;
        auto const code = (first & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
        bool const reorders = (code >= 0x202AU && code <= 0x202EU) ||
                              (code >= 0x2066U && code <= 0x2069U) || code == 0x200EU ||
                              code == 0x200FU;
        return code >= 0x800U && (code < 0xD800U || code > 0xDFFFU) && !reorders ? 3 : 0;
    }
    if (first >= 0xF0U && first < 0xF5U) {
        if (!continues(text, at + 1) || !continues(text, at + 2) || !continues(text, at + 3))
            return 0;
        auto const code = (first & 0x07U) << 18U | (byte(1) & 0x3FU) << 12U;
        return code >= 0x10000U && code <= 0x10FFFFU ? 4 : 0;
    }
    return 0;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string shown;
    shown.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        auto const length = sequence_length(text, at);
        if (length == 0) {
            shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
            ++at;
        } else {
            shown.append(text, at, length);
            at += length;
        }
    }
    return shown;
}

}  // namespace tessera::base
