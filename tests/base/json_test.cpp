#include <string>

#include <gtest/gtest.h>

#include <tessera/base/json.hpp>

namespace tessera {
namespace {

using Json = nlohmann::ordered_json;

std::string nested(std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
}

TEST(Json, IsWhatTheTextSays) {
    EXPECT_EQ(base::parse_json<Json>(R"({"b": [1, {"a": null}]})").dump(),
              R"({"b":[1,{"a":null}]})");
}

TEST(Json, IsDiscardedWhenItIsNone) {
    for (auto const* text : {"", "{", "[1,]", "{} {}", "\xff"}) {
        EXPECT_TRUE(base::parse_json<Json>(text).is_discarded()) << text;
    }
}

// What is deeper would end the process when written: nlohmann-json recurses.
TEST(Json, IsDiscardedWhenItIsTooDeep) {
    EXPECT_FALSE(base::parse_json<Json>(nested(base::deepest_json)).is_discarded());
    EXPECT_TRUE(base::parse_json<Json>(nested(base::deepest_json + 2)).is_discarded());
    EXPECT_TRUE(base::parse_json<Json>(nested(1'000'000)).is_discarded());
    EXPECT_TRUE(base::parse_json<Json>(std::string(1'000'000, '[')).is_discarded());
}

}  // namespace
}  // namespace tessera
