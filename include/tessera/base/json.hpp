#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

namespace tessera::base {

/// Levels of nesting that no file of ours comes near. nlohmann-json writes and compares values by
/// recursion: without a limit a stranger's file of a few MB of '[' overflows the stack.
constexpr int deepest_json = 64;

/// `text` as a JSON value (nlohmann::json or ordered_json), or a discarded one (is_discarded())
/// when it is no JSON or nested deeper than `deepest_json`.
template <class Json>
Json parse_json(std::string_view text) {
    bool too_deep = false;
    auto const shallow = [&](int depth, nlohmann::json::parse_event_t, auto const&) {
        too_deep = too_deep || depth > deepest_json;
        return !too_deep;
    };
    auto parsed = Json::parse(text, shallow, false);
    return too_deep ? Json(Json::value_t::discarded) : parsed;
}

}  // namespace tessera::base
