#include "element_types.hpp"
#include "safetensors_header.hpp"

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <unordered_set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tessera/base/files.hpp>

namespace tessera::checkpoint {

namespace {

constexpr std::size_t most_tensors = 65'536;
constexpr std::size_t most_axes = 16;

[[noreturn]] void refuse(std::string const& fault) {
    throw std::invalid_argument(fault);
}

/// Reads a header as a stream of events, so that a crafted one is refused at its first fault and
/// never becomes a document in memory.
class HeaderEvents final : public nlohmann::json_sax<nlohmann::json> {
  public:
    SafetensorsHeader take() {
        if (depth_ != 0) refuse("the header ends too early");
        return std::move(header_);
    }

    bool start_object(std::size_t) override {
        if (depth_ >= 2 || in_array_) refuse("an object lies too deep");
        ++depth_;
        if (depth_ == 2) begin_entry();
        return true;
    }
    bool end_object() override {
        if (depth_ == 2) end_entry();
        --depth_;
        return true;
    }
    bool key(string_t& text) override {
        if (depth_ == 1) {
            if (!names_.insert(text).second) {
                refuse(fmt::format("tensor '{}' is listed twice", base::printable(text)));
            }
            name_ = text;
        } else {
            field_ = text;
        }
        return true;
    }
    bool string(string_t& text) override {
        if (depth_ != 2 || in_array_) refuse("text where none belongs");
        if (is_metadata()) {
            if (!header_.metadata.emplace(field_, text).second) refuse("metadata key twice");
            return true;
        }
        if (field_ != "dtype" || has_type_) refuse(at_tensor("has a field that is not understood"));
        auto const type = type_of(text);
        if (!type) refuse(at_tensor("has an element type that is not known"));
        entry_.type = *type;
        has_type_ = true;
        return true;
    }
    bool start_array(std::size_t) override {
        bool const known =
            (field_ == "shape" && !has_shape_) || (field_ == "data_offsets" && !has_offsets_);
        if (depth_ != 2 || is_metadata() || in_array_ || !known) {
            refuse(at_tensor("has a list that is not understood"));
        }
        in_array_ = true;
        return true;
    }
    bool end_array() override {
        in_array_ = false;
        if (field_ == "shape") {
            has_shape_ = true;
            return true;
        }
        if (offsets_.size() != 2) refuse(at_tensor("has not two data_offsets"));
        entry_.begin = offsets_[0];
        entry_.end = offsets_[1];
        has_offsets_ = true;
        return true;
    }
    bool number_unsigned(number_unsigned_t number) override {
        if (!in_array_) refuse("a number where none belongs");
        if (field_ == "shape") {
            if (entry_.shape.size() == most_axes) refuse(at_tensor("has too many axes"));
            if (number > std::numeric_limits<std::int64_t>::max())
                refuse(at_tensor("has an axis that is too long"));
            entry_.shape.push_back(static_cast<std::int64_t>(number));
        } else {
            if (offsets_.size() == 2) refuse(at_tensor("has not two data_offsets"));
            offsets_.push_back(number);
        }
        return true;
    }
    bool number_integer(number_integer_t) override { refuse("a negative number"); }
    bool number_float(number_float_t, string_t const&) override { refuse("a fractional number"); }
    bool null() override { refuse("null where none belongs"); }
    bool boolean(bool) override { refuse("true or false where none belongs"); }
    bool binary(binary_t&) override { refuse("binary data"); }
    bool parse_error(std::size_t place, std::string const&,
                     nlohmann::json::exception const&) override {
        refuse(fmt::format("the header is no JSON at its byte {}", place));
    }

  private:
    bool is_metadata() const { return name_ == "__metadata__"; }

    std::string at_tensor(char const* fault) const {
        return fmt::format("tensor '{}' {}", base::printable(name_), fault);
    }

    void begin_entry() {
        if (header_.entries.size() == most_tensors) {
            refuse(fmt::format("it lists more than {} tensors", most_tensors));
        }
        entry_ = {};
        entry_.name = name_;
        offsets_.clear();
        has_type_ = has_shape_ = has_offsets_ = false;
    }

    void end_entry() {
        if (is_metadata()) return;
        if (!has_type_ || !has_shape_ || !has_offsets_) {
            refuse(at_tensor("lacks dtype, shape or data_offsets"));
        }
        header_.entries.push_back(std::move(entry_));
    }

    SafetensorsHeader header_;
    std::unordered_set<std::string> names_;
    std::string name_;
    std::string field_;
    TensorEntry entry_;
    std::vector<std::size_t> offsets_;
    int depth_ = 0;
    bool in_array_ = false;
    bool has_type_ = false;
    bool has_shape_ = false;
    bool has_offsets_ = false;
};

}  // namespace

SafetensorsHeader parse_header_json(std::string_view json) {
    if (!json.starts_with('{')) refuse("the header is no JSON object");
    HeaderEvents events;
    nlohmann::json::sax_parse(json, &events);
    return events.take();
}

}  // namespace tessera::checkpoint
