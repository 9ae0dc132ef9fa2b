#include <nlohmann/json.hpp>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/evaluate/companions.hpp>

namespace tessera::evaluate {

Companion read_companion(std::string name, std::filesystem::path const& report) {
    auto const file = report / "report.json";
    try {
        auto const json = nlohmann::json::parse(base::read_text(file));
        auto const& split = json.at("split");
        auto const& graded = json.contains("votes_per_flow") ? json.at("votes_per_flow") : json;
        auto const& range = graded.at("intervals").at("macro_f1");
        return {.name = std::move(name),
                .masking = json.at("provenance").at("masking"),
                .label_share = split.at("label_share"),
                .macro_f1 = graded.at("macro_f1"),
                .interval = {range.at(0), range.at(1)},
                .classes = json.at("classes"),
                .split_by = split.at("by"),
                .test_flows = split.at("flows").at("test")};
    } catch (nlohmann::json::exception const& fault) {
        base::fail(base::ExitCode::bad_input, "{} is no report of this version: {}",
                   base::printable(file.string()), fault.what());
    }
}

std::vector<std::string> other_tests(Companion const& own, std::vector<Companion> const& others) {
    std::vector<std::string> lines;
    for (auto const& other : others) {
        auto const name = base::printable(other.name);
        base::validate(
            other.classes == own.classes && other.split_by == own.split_by, base::ExitCode::usage,
            "beside '{}': it was graded on {} classes, split by {}, and this model on {}, "
            "by {}: name runs on the same labels and kind of split",
            name, other.classes.size(), base::printable(other.split_by), own.classes.size(),
            own.split_by);
        if (other.test_flows == own.test_flows) continue;
        lines.push_back(fmt::format("'{}' beside it was graded on {} test flows, this model on {}.",
                                    name, other.test_flows, own.test_flows));
    }
    return lines;
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
