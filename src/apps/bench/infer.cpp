#include "bench.hpp"
#include "step_runs.hpp"
#include "timed_run.hpp"

#include <fmt/format.h>

namespace tessera::apps {
namespace {

/// One model, what it reads, and the peer that computes the same.
struct Contest {
    std::string name;
    std::vector<std::string> words;
    std::string peer;
    double target;
};

std::vector<Contest> contests(BenchConfig const& config) {
    auto const sequence = std::to_string(config.seq_length);
    auto const batch = std::to_string(config.micro_batch_size);
    std::vector<Contest> all;
    for (auto const* lengths : {"imix", "full"}) {
        all.push_back({fmt::format("Deep Packet CNN, {} packets, against PyTorch", lengths),
                       {"--model", "deep-packet-cnn", "--batch", batch, "--lengths", lengths},
                       "deep_packet.py",
                       1.5});
    }
    for (auto const* size : {"small", "base"}) {
        all.push_back({fmt::format("ET-BERT {}, {} tokens, against Hugging Face", size, sequence),
                       {"--model", size, "--batch", batch, "--sequence", sequence},
                       "hugging_face_inference.py",
                       1.1});
    }
    return all;
}

}  // namespace

std::vector<Figure> bench_infer(BenchConfig const& config, std::filesystem::path const& programs) {
    auto const threads = threads_of(config);
    std::vector<Figure> figures;
    for (auto const& contest : contests(config)) {
        auto const words = joined(contest.words, {"--steps", std::to_string(config.steps),
                                                  "--threads", std::to_string(threads)});
        auto const steps = run_steps(
            joined({(programs / "tessera-bench-infer").string()}, words),
            joined({config.python.string(), TESSERA_PEERS "/" + contest.peer}, words), config.runs);
        auto const samples = static_cast<double>(config.micro_batch_size);
        figures.push_back({.name = contest.name,
                           .unit = "samples/s",
                           .ours = samples / median(steps.ours.seconds),
                           .peer = samples / median(steps.peer.seconds),
                           .target = contest.target,
                           .lower = false,
                           .method = fmt::format(
                               "batches of {}, fp32, {} threads, {} runs of {} batches in turn; "
                               "imix: 7 packets of 40 bytes, 4 of 576, 1 of 1500",
                               config.micro_batch_size, threads, config.runs, config.steps)});
    }
    return figures;
}

}  // namespace tessera::apps
