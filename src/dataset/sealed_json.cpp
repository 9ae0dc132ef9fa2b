#include "sealed_json.hpp"

#include <string_view>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/base/json.hpp>

namespace tessera::dataset {

namespace {

using base::ExitCode;

constexpr std::string_view opening = "{\n  \"checksum\": \"";
constexpr std::size_t digits = 32;
constexpr std::string_view after = "\",\n";
constexpr std::size_t longest = std::size_t{1} << 30U;  // bytes; two million captures by far

// Checksum of a sealed text with the digits themselves taken as zeros.
std::string checksum_of(std::string_view text) {
    std::string const zeros(digits, '0');
    base::Checksum sum;
    sum.add(std::as_bytes(std::span(opening)));
    sum.add(std::as_bytes(std::span(zeros)));
    sum.add(std::as_bytes(std::span(text.substr(opening.size() + digits))));
    return sum.hex();
}

bool looks_sealed(std::string_view text) {
    return text.starts_with(opening) && text.size() >= opening.size() + digits &&
           text.substr(opening.size() + digits).starts_with(after);
}

}  // namespace

std::string seal(nlohmann::ordered_json const& content, std::filesystem::path const& path) {
    auto const body = content.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
    std::string text(opening);
    text.append(digits, '0').append(after).append(body, 2).append("\n");
    base::validate(text.size() <= longest, ExitCode::usage,
                   "'{}' would have {} bytes, more than the {} that can be read: make several "
                   "stores of fewer captures",
                   base::printable(path.string()), text.size(), longest);
    return text.replace(opening.size(), digits, checksum_of(text));
}

std::string seal_of(std::string const& sealed) {
    return sealed.substr(opening.size(), digits);
}

SealedJson read_sealed(std::filesystem::path const& path) {
    auto const text = base::read_text(path, longest);
    auto const shown = base::printable(path.string());
    base::validate(looks_sealed(text), ExitCode::bad_input,
                   "'{}' does not begin with its checksum: not written by this program, or damaged",
                   shown);
    base::validate(seal_of(text) == checksum_of(text), ExitCode::bad_input,
                   "'{}' is damaged or was edited: its checksum does not fit; make it again",
                   shown);
    SealedJson sealed{base::parse_json<nlohmann::json>(text), seal_of(text)};
    base::validate(sealed.content.is_object(), ExitCode::bad_input, "'{}' is no JSON object",
                   shown);
    return sealed;
}

}  // namespace tessera::dataset
