#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace tessera::dataset {

/// Takes values out of JSON that strangers may have written: each call checks presence and type and
/// throws Error(bad_input) with the file and the place ("shards[3].bytes").
class JsonReader {
  public:
    JsonReader(nlohmann::json const& value, std::string file, std::string place = {})
        : value_(&value), file_(std::move(file)), place_(std::move(place)) {}

    bool has(char const* key) const;
    JsonReader at(char const* key) const;
    std::vector<JsonReader> items() const;                            ///< of a list
    std::vector<std::pair<std::string, JsonReader>> members() const;  ///< of an object

    std::string text() const;
    std::uint64_t integer() const;  ///< at most 2^63 - 1
    std::int64_t signed_integer() const;
    double number() const;
    std::map<std::string, std::uint64_t> counts() const;

    std::string text(char const* key) const { return at(key).text(); }
    std::uint64_t integer(char const* key) const { return at(key).integer(); }

    [[noreturn]] void fail(std::string const& what) const;
    void require(bool holds, char const* what) const {
        if (!holds) fail(what);
    }

  private:
    JsonReader child(nlohmann::json const& value, std::string const& step) const;

    nlohmann::json const* value_;
    std::string file_;
    std::string place_;
};

}  // namespace tessera::dataset
