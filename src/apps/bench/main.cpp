// tessera bench: the figures of performance, each a ratio against a peer in the same run.
#include "bench.hpp"
#include "command.hpp"

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tessera::apps {

bool met(Figure const& figure) {
    return figure.lower ? figure.ratio() <= figure.target : figure.ratio() >= figure.target;
}

std::filesystem::path peers_python() {
    auto const* const cache = std::getenv("XDG_CACHE_HOME");
    auto const* const home = std::getenv("HOME");
    auto const folder = cache != nullptr && *cache != '\0'
                            ? std::filesystem::path(cache)
                            : std::filesystem::path(home == nullptr ? "" : home) / ".cache";
    auto const python = folder / "tessera/bench-python/bin/python";
    return std::filesystem::exists(python) ? python : "python3";
}

}  // namespace tessera::apps

namespace {

using namespace tessera;

void describe(base::OptionTable& options, apps::BenchConfig& config) {
    options.section("bench")
        .add("input", config.input, "captures to make the corpus from")
        .add("corpus", config.corpus,
             "capture to measure on; a path that does not exist yet is made from --input")
        .add("report", config.report, "page with the curves of `preprocess` to write")
        .add("corpus_megabytes", config.corpus_megabytes, "size of the corpus made, MB")
        .add("largest_megabytes", config.largest_megabytes,
             "largest input in the curve of memory, made from --input, MB; 0: the corpus")
        .add("python", config.python,
             "Python of the peers: torch, transformers, scapy (containers/setup.sh --bench)")
        .add("store", config.store,
             "train: token store for the rate of the loader alone; empty: not measured")
        .add("model", config.model, "size of the model trained", {"tiny", "small", "base"})
        .add("micro_batch_size", config.micro_batch_size, "sequences a step")
        .add("seq_length", config.seq_length, "tokens a sequence")
        .add("steps", config.steps, "training steps a run")
        .add("threads", config.threads, "threads of both sides; 0: all processors")
        .add("runs", config.runs, "runs of each side, in turn");
}

void print(std::vector<apps::Figure> const& figures, bool as_json) {
    auto list = nlohmann::json::array();
    for (auto const& figure : figures) {
        list.push_back({{"name", figure.name},
                        {"unit", figure.unit},
                        {"ours", figure.ours},
                        {"peer", figure.peer},
                        {"ratio", figure.ratio()},
                        {"target", figure.target},
                        {"met", met(figure)},
                        {"method", figure.method}});
        if (as_json) continue;
        fmt::print("{}\n  ours {:.3f} {}, peer {:.3f} {}: ratio {:.2f} (target {} {}: {})\n  {}\n",
                   figure.name, figure.ours, figure.unit, figure.peer, figure.unit, figure.ratio(),
                   figure.lower ? "at most" : "at least", figure.target,
                   met(figure) ? "met" : "NOT met", figure.method);
    }
    if (as_json) fmt::print("{}\n", list.dump(2));
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("bench", "figures of performance, each against a peer in the same run");
    command.offer({apps::Flag::json});
    apps::BenchConfig config;
    std::string what;
    describe(command.options(), config);
    command.positional("WHAT", "preprocess, train or infer", what);
    command.examples(
        "example: tessera bench preprocess --corpus /tmp/corpus.pcap --input captures/");
    return command.run(argc, argv, [&](comm::Communicator const&) {
        base::validate(what == "preprocess" || what == "train" || what == "infer",
                       base::ExitCode::usage, "'{}' is no bench: preprocess, train or infer", what);
        auto const programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
        auto const bench = what == "train"   ? apps::bench_train
                           : what == "infer" ? apps::bench_infer
                                             : apps::bench_preprocess;
        print(bench(config, programs), command.common().json);
        return base::ExitCode::done;
    });
}
