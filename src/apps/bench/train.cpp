#include "bench.hpp"
#include "step_runs.hpp"
#include "timed_run.hpp"

#include <string>

#include <fmt/format.h>

namespace tessera::apps {

namespace {

std::vector<std::string> shape(BenchConfig const& config, int threads) {
    return {"--model",    config.model,
            "--batch",    std::to_string(config.micro_batch_size),
            "--sequence", std::to_string(config.seq_length),
            "--steps",    std::to_string(config.steps),
            "--threads",  std::to_string(threads)};
}

/// Batches are made on one thread beside the training: with ten times its rate it never waits.
Figure loader_figure(BenchConfig const& config, StepTimes const& ours) {
    auto const sequences = static_cast<double>(config.micro_batch_size);
    return {
        .name = "loader alone, sequences against the training's",
        .unit = "sequences/s",
        .ours = sequences / median(ours.loading_seconds),
        .peer = sequences / median(ours.seconds),
        .target = 10,
        .lower = false,
        .method = "batches of the same shape out of a store, masks and pairs drawn, one thread"};
}

/// Our time in units of the peer's.
double target_of(std::string const& model) {
    if (model == "base") return 1 / 1.25;
    return model == "small" ? 1 / 1.5 : 1;
}

}  // namespace

std::vector<Figure> bench_train(BenchConfig const& config, std::filesystem::path const& programs) {
    auto const threads = threads_of(config);
    auto const words = shape(config, threads);
    auto our_words = words;
    if (!config.store.empty())
        our_words.insert(our_words.end(), {"--store", config.store.string()});
    auto const steps = run_steps(
        joined({(programs / "tessera-bench-step").string()}, our_words),
        joined({config.python.string(), TESSERA_PEERS "/hugging_face.py"}, words), config.runs);
    auto const method = fmt::format(
        "{} model, {} x {} random tokens, fp32, {} threads, {} runs of {} steps in turn; peer: "
        "BertForPreTraining, SDPA, fused AdamW, vocabulary head on labelled rows, glibc told to "
        "keep freed memory",
        config.model, config.micro_batch_size, config.seq_length, threads, config.runs,
        config.steps);
    std::vector<Figure> figures{
        {.name = "training step, time against Hugging Face",
         .unit = "s",
         .ours = median(steps.ours.seconds),
         .peer = median(steps.peer.seconds),
         .target = target_of(config.model),
         .lower = true,
         .method = method},
        {.name = "training, peak memory against Hugging Face",
         .unit = "GB",
         .ours = steps.ours.peak_bytes * 1e-9,
         .peer = steps.peer.peak_bytes * 1e-9,
         .target = 1,
         .lower = true,
         .method = "largest resident set of the process"},
        {.name = "training, peak memory against what tessera plan says",
         .unit = "GB",
         .ours = steps.ours.peak_bytes * 1e-9,
         .peer = steps.ours.planned_bytes * 1e-9,
         .target = 1.1,
         .lower = true,
         .method = "largest resident set of our process; 0.9 to 1.1 is what the plan promises"}};
    if (!config.store.empty()) figures.push_back(loader_figure(config, steps.ours));
    return figures;
}

}  // namespace tessera::apps
