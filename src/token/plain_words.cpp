#include "plain_words.hpp"

#include <array>
#include <cstdint>

namespace tessera::token {

namespace {

using Character = char32_t;

constexpr Character replacement = 0xfffd;

// Takes the first character off; a malformed byte becomes the replacement character.
Character take(std::string_view& text) {
    auto const byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    auto const lead = byte(0);
    std::size_t const size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    constexpr std::array<unsigned, 5> lead_bits{0, 0x7f, 0x1f, 0x0f, 0x07};
    Character character = lead & lead_bits[size];
    bool whole = size <= text.size() && (lead < 0x80 || lead >= 0xc2);
    for (std::size_t i = 1; whole && i < size; ++i) {
        whole = (byte(i) & 0xc0U) == 0x80;
        character = character << 6U | (byte(i) & 0x3fU);
    }
    text.remove_prefix(whole ? size : 1);
    return whole ? character : replacement;
}

void put(Character c, std::string& word) {
    auto const byte = [&](unsigned value) { word += static_cast<char>(value); };
    auto const tail = [&](unsigned shift) { byte(0x80U | ((c >> shift) & 0x3fU)); };
    if (c < 0x80) return byte(c);
    if (c < 0x800) {
        byte(0xc0U | c >> 6U);
    } else if (c < 0x10000) {
        byte(0xe0U | c >> 12U);
        tail(6);
    } else {
        byte(0xf0U | c >> 18U);
        tail(12);
        tail(6);
    }
    tail(0);
}

bool is_space(Character c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000;
}

// Categories Cc and Cf as far as they are met in texts.
bool is_left_out(Character c) {
    return c == replacement || c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x2064) || c == 0xfeff;
}

bool is_punctuation(Character c) {
    bool const ascii = (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
                       (c >= 123 && c <= 126);
    bool const latin =
        c == 0xa1 || c == 0xa7 || c == 0xab || c == 0xb6 || c == 0xb7 || c == 0xbb || c == 0xbf;
    return ascii || latin || (c >= 0x2010 && c <= 0x2027) || (c >= 0x2030 && c <= 0x205e) ||
           (c >= 0x3001 && c <= 0x3003) || (c >= 0xff01 && c <= 0xff0f);
}

// The blocks that BERT's tokenizer takes for CJK.
bool is_cjk(Character c) {
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) ||
           (c >= 0x20000 && c <= 0x2ceaf) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0x2f800 && c <= 0x2fa1f);
}

// Base letters of U+00C0 to U+017F, '.' where the letter has no accent to lose.
constexpr std::string_view bases =
    "aaaaaa.ceeeeiiii.nooooo..uuuuy..aaaaaa.ceeeeiiii.nooooo..uuuuy.y"
    "aaaaaaccccccccdd..eeeeeeeeeegggggggghh..iiiiiiiii...jjkk.llllll."
    "...nnnnnn...oooooo..rrrrrrsssssssstttt..uuuuuuuuuuuuwwyyyzzzzzz.";

Character plain(Character c) {
    if (c >= 'A' && c <= 'Z') return c + ('a' - 'A');
    if (c >= 0xc0 && c - 0xc0 < bases.size() && bases[c - 0xc0] != '.') {
        return static_cast<unsigned char>(bases[c - 0xc0]);
    }
    return c >= 0xc0 && c <= 0xde && c != 0xd7 ? c + 0x20 : c;
}

bool is_accent(Character c) {
    return c >= 0x300 && c <= 0x36f;
}

}  // namespace

std::vector<std::string> plain_words(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    auto const end_word = [&] {
        if (!word.empty()) words.push_back(std::move(word));
        word.clear();
    };
    while (!text.empty()) {
        auto const c = plain(take(text));
        if (is_space(c)) {
            end_word();
        } else if (is_punctuation(c) || is_cjk(c)) {
            end_word();
            put(c, word);
            end_word();
        } else if (!is_left_out(c) && !is_accent(c)) {
            put(c, word);
        }
    }
    end_word();
    return words;
}

}  // namespace tessera::token
