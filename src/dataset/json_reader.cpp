#include "json_reader.hpp"

#include <limits>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>

namespace tessera::dataset {

void JsonReader::fail(std::string const& what) const {
    base::fail(base::ExitCode::bad_input, "'{}': {} {}", file_,
               place_.empty() ? "the file" : base::printable(place_), what);
}

JsonReader JsonReader::child(nlohmann::json const& value, std::string const& step) const {
    auto const dot = place_.empty() || step.starts_with('[') ? "" : ".";
    return {value, file_, place_ + dot + step};
}

bool JsonReader::has(char const* key) const {
    return value_->is_object() && value_->contains(key);
}

JsonReader JsonReader::at(char const* key) const {
    require(value_->is_object(), "is no object");
    auto const found = value_->find(key);
    if (found == value_->end()) fail(std::string("has no '") + key + "'");
    return child(*found, key);
}

std::vector<JsonReader> JsonReader::items() const {
    require(value_->is_array(), "is no list");
    std::vector<JsonReader> items;
    items.reserve(value_->size());
    for (auto const& value : *value_) {
        items.push_back(child(value, "[" + std::to_string(items.size()) + "]"));
    }
    return items;
}

std::vector<std::pair<std::string, JsonReader>> JsonReader::members() const {
    require(value_->is_object(), "is no object");
    std::vector<std::pair<std::string, JsonReader>> members;
    for (auto const& [key, value] : value_->items()) members.emplace_back(key, child(value, key));
    return members;
}

std::string JsonReader::text() const {
    require(value_->is_string(), "is no text");
    return value_->get<std::string>();
}

std::uint64_t JsonReader::integer() const {
    require(value_->is_number_unsigned(), "is no whole number of 0 or more");
    auto const value = value_->get<std::uint64_t>();
    require(value <= std::numeric_limits<std::int64_t>::max(), "is too large");
    return value;
}

std::int64_t JsonReader::signed_integer() const {
    require(value_->is_number_integer(), "is no whole number");
    if (value_->is_number_unsigned()) return static_cast<std::int64_t>(integer());
    return value_->get<std::int64_t>();
}

double JsonReader::number() const {
    require(value_->is_number(), "is no number");
    return value_->get<double>();
}

std::map<std::string, std::uint64_t> JsonReader::counts() const {
    std::map<std::string, std::uint64_t> counts;
    for (auto const& [key, value] : members()) counts.emplace(key, value.integer());
    return counts;
}

}  // namespace tessera::dataset
