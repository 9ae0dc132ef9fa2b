#include <nlohmann/json.hpp>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/evaluate/companions.hpp>

namespace tessera::evaluate {

Companion read_companion(std::string name, std::filesystem::path const& report) {
    auto const file = report / "report.json";
    try {
        auto const json = nlohmann::json::parse(base::read_text(file));
        auto const& range = json.at("intervals").at("macro_f1");
        return {std::move(name),
                json.at("provenance").at("masking").get<std::string>(),
                json.at("split").at("label_share").get<double>(),
                json.at("macro_f1").get<double>(),
                {range.at(0).get<double>(), range.at(1).get<double>()}};
    } catch (nlohmann::json::exception const& fault) {
        base::fail(base::ExitCode::bad_input, "{} is no report of this version: {}",
                   base::printable(file.string()), fault.what());
    }
}

std::vector<Companion> read_companions(std::vector<std::string> const& named_reports) {
    std::vector<Companion> companions;
    for (auto const& text : named_reports) {
        auto const equals = text.find('=');
        base::validate(equals != std::string::npos && equals > 0, base::ExitCode::usage,
                       "beside '{}': write it as NAME=REPORT", base::printable(text));
        companions.push_back(read_companion(text.substr(0, equals), text.substr(equals + 1)));
    }
    return companions;
}

}  // namespace tessera::evaluate
