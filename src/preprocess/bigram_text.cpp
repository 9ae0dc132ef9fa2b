#include "bigram_text.hpp"

#include <charconv>
#include <cstdint>
#include <limits>

namespace tessera::preprocess {

namespace {

constexpr std::string_view blanks = " \r";
constexpr std::size_t digits = 4;

std::optional<std::uint16_t> bigram(std::string_view word) {
    std::uint16_t value = 0;
    auto const result = std::from_chars(word.data(), word.data() + word.size(), value, 16);
    auto const whole = result.ec == std::errc() && result.ptr == word.data() + word.size();
    return whole && word.size() == digits ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<std::vector<std::vector<std::byte>>> packets_of(std::string_view text) {
    std::vector<std::vector<std::byte>> packets;
    for (auto begin = text.find_first_not_of(blanks); begin < text.size();
         begin = text.find_first_not_of(blanks, begin)) {
        auto const end = std::min(text.find_first_of(blanks, begin), text.size());
        auto const value = bigram(text.substr(begin, end - begin));
        if (!value) return std::nullopt;
        auto const first = static_cast<std::byte>(*value >> 8U);
        if (packets.empty() || packets.back().back() != first) packets.push_back({first});
        packets.back().push_back(static_cast<std::byte>(*value & 0xffU));
        if (packets.back().size() > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
        begin = end;
    }
    return packets.empty() ? std::nullopt : std::optional(std::move(packets));
}

}  // namespace tessera::preprocess
