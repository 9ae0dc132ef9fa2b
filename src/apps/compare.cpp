// tessera compare: a paired test between two models that were graded on the same items.
#include "command.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tessera/base/files.hpp>
#include <tessera/evaluate/make_report.hpp>
#include <tessera/evaluate/paired_test.hpp>

namespace {

using namespace tessera;

struct Config {
    std::string first;
    std::string second;
    evaluate::EvaluateConfig grading;
};

std::string to_json(Config const& config, evaluate::PairedTest const& test) {
    nlohmann::ordered_json const json{{"first", config.first},
                                      {"second", config.second},
                                      {"items", test.items},
                                      {"macro_f1", {test.first, test.second}},
                                      {"difference", test.first - test.second},
                                      {"interval", {test.interval.low, test.interval.high}},
                                      {"cluster", name(test.cluster)},
                                      {"captures", test.captures},
                                      {"p_macro_f1", test.p_macro_f1},
                                      {"only_first_right", test.only_first_right},
                                      {"only_second_right", test.only_second_right},
                                      {"p_accuracy", test.p_accuracy}};
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string to_text(Config const& config, evaluate::PairedTest const& test) {
    auto const verdict = test.interval.low > 0    ? "the first is better"
                         : test.interval.high < 0 ? "the second is better"
                                                  : "no clear difference";
    auto const* drawn = name(test.cluster);
    return fmt::format(
        "macro-F1 on {} items: {:.3f} ({}) and {:.3f} ({})\n"
        "difference {:+.3f} [{:+.3f}, {:+.3f}], p = {:.4f}, whole {}s drawn: {}\n"
        "more right: first in {}, second in {} {}s, exact sign test p = {:.4g}{}",
        test.items, test.first, base::printable(config.first), test.second,
        base::printable(config.second), test.first - test.second, test.interval.low,
        test.interval.high, test.p_macro_f1, drawn, verdict, test.only_first_right,
        test.only_second_right, drawn, test.p_accuracy, caution(test.cluster, test.captures, "\n"));
}

evaluate::PairedTest run(Config const& config) {
    auto const read = [](std::string const& report) {
        return evaluate::read_predictions_csv(std::filesystem::path(report) / "predictions.csv");
    };
    auto const first = read(config.first);
    auto const second = read(config.second);
    return evaluate::paired_test(first, second, bootstrap_config(config.grading, first));
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("compare", "paired test between two graded models");
    command.offer({apps::Flag::json});
    Config config;
    evaluate::describe(command.options(), config.grading);
    command.positional("FIRST", "report folder of `tessera evaluate`", config.first);
    command.positional("SECOND", "another one, on the same store, split and level", config.second);
    command.examples("example: tessera compare report-pretrained report-from-scratch");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        comm::agreed(comm, [&] {
            if (!comm.is_root()) return;
            auto const test = run(config);
            fmt::print("{}\n",
                       command.common().json ? to_json(config, test) : to_text(config, test));
        });
        return base::ExitCode::done;
    });
}
