#include "bench.hpp"
#include "timed_run.hpp"

#include <cstdlib>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tessera/base/error.hpp>
#include <tessera/base/log.hpp>

namespace tessera::apps {

namespace {

/// What one measured program said of its steps.
struct Steps {
    std::vector<double> seconds;
    double peak_bytes = 0;
    double planned_bytes = 0;  // by tessera plan; of our program only
};

void add(Steps& steps, TimedRun const& run) {
    base::validate(run.exit_code == 0, base::ExitCode::failed,
                   "a measured program ended with exit code {}", run.exit_code);
    auto const said = nlohmann::json::parse(run.output);
    for (double const second : said.at("seconds").get<std::vector<double>>()) {
        steps.seconds.push_back(second);
    }
    steps.peak_bytes = said.at("peak_memory_bytes").get<double>();
    steps.planned_bytes = said.value("planned_memory_bytes", 0.0);
}

std::vector<std::string> shape(BenchConfig const& config, int threads) {
    return {"--model",    config.model,
            "--batch",    std::to_string(config.micro_batch_size),
            "--sequence", std::to_string(config.seq_length),
            "--steps",    std::to_string(config.steps),
            "--threads",  std::to_string(threads)};
}

/// Our time in units of the peer's.
double target_of(std::string const& model) {
    if (model == "base") return 1 / 1.25;
    return model == "small" ? 1 / 1.5 : 1;
}

std::vector<std::string> joined(std::vector<std::string> program,
                                std::vector<std::string> const& words) {
    program.insert(program.end(), words.begin(), words.end());
    return program;
}

}  // namespace

std::vector<Figure> bench_train(BenchConfig const& config, std::filesystem::path const& programs) {
    auto const threads = config.threads > 0 ? static_cast<int>(config.threads)
                                            : static_cast<int>(std::thread::hardware_concurrency());
    // Both sides keep freed memory: ours by mallopt, the peer through its environment.
    ::setenv("MALLOC_MMAP_MAX_", "0", 1);
    ::setenv("MALLOC_TRIM_THRESHOLD_", "68719476736", 1);
    auto const words = shape(config, threads);
    auto const ours = joined({(programs / "tessera-bench-step").string()}, words);
    auto const peer = joined({config.python.string(), TESSERA_PEERS "/hugging_face.py"}, words);
    Steps our_steps;
    Steps peer_steps;
    for (std::int64_t i = 0; i < config.runs; ++i) {
        add(our_steps, run_timed(ours));
        add(peer_steps, run_timed(peer));
    }
    auto const method = fmt::format(
        "{} model, {} x {} random tokens, fp32, {} threads, {} runs of {} steps in turn; peer: "
        "BertForPreTraining, SDPA, fused AdamW, vocabulary head on labelled rows, glibc told to "
        "keep freed memory",
        config.model, config.micro_batch_size, config.seq_length, threads, config.runs,
        config.steps);
    return {
        {.name = "training step, time against Hugging Face",
         .unit = "s",
         .ours = median(our_steps.seconds),
         .peer = median(peer_steps.seconds),
         .target = target_of(config.model),
         .lower = true,
         .method = method},
        {.name = "training, peak memory against Hugging Face",
         .unit = "GB",
         .ours = our_steps.peak_bytes * 1e-9,
         .peer = peer_steps.peak_bytes * 1e-9,
         .target = 1,
         .lower = true,
         .method = "largest resident set of the process"},
        {.name = "training, peak memory against what tessera plan says",
         .unit = "GB",
         .ours = our_steps.peak_bytes * 1e-9,
         .peer = our_steps.planned_bytes * 1e-9,
         .target = 1.1,
         .lower = true,
         .method = "largest resident set of our process; 0.9 to 1.1 is what the plan promises"}};
}

}  // namespace tessera::apps
