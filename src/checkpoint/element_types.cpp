#include "element_types.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tessera::checkpoint {

namespace {

constexpr std::array<std::pair<std::string_view, at::ScalarType>, 10> types{{
    {"F32", at::kFloat},
    {"F64", at::kDouble},
    {"F16", at::kHalf},
    {"BF16", at::kBFloat16},
    {"I64", at::kLong},
    {"I32", at::kInt},
    {"I16", at::kShort},
    {"I8", at::kChar},
    {"U8", at::kByte},
    {"BOOL", at::kBool},
}};

}  // namespace

std::optional<std::string_view> type_name(at::ScalarType type) {
    auto const* found =
        std::ranges::find(types, type, &std::pair<std::string_view, at::ScalarType>::second);
    if (found == types.end()) return std::nullopt;
    return found->first;
}

std::optional<at::ScalarType> type_of(std::string_view name) {
    auto const* found =
        std::ranges::find(types, name, &std::pair<std::string_view, at::ScalarType>::first);
    if (found == types.end()) return std::nullopt;
    return found->second;
}

}  // namespace tessera::checkpoint
