#include "step_runs.hpp"

#include "timed_run.hpp"

#include <cstdlib>
#include <thread>

#include <nlohmann/json.hpp>

#include <tessera/base/error.hpp>

namespace tessera::apps {
namespace {

void add(StepTimes& steps, TimedRun const& run) {
    base::validate(run.exit_code == 0, base::ExitCode::failed,
                   "a measured program ended with exit code {}", run.exit_code);
    auto const said = nlohmann::json::parse(run.output);
    for (double const second : said.at("seconds").get<std::vector<double>>()) {
        steps.seconds.push_back(second);
    }
    for (double const second : said.value("loading_seconds", std::vector<double>())) {
        steps.loading_seconds.push_back(second);
    }
    steps.peak_bytes = said.at("peak_memory_bytes").get<double>();
    steps.planned_bytes = said.value("planned_memory_bytes", 0.0);
}

}  // namespace

StepRuns run_steps(std::vector<std::string> const& ours, std::vector<std::string> const& peer,
                   std::int64_t runs) {
    ::setenv("MALLOC_MMAP_MAX_", "0", 1);
    ::setenv("MALLOC_TRIM_THRESHOLD_", "68719476736", 1);
    StepRuns result;
    for (std::int64_t i = 0; i < runs; ++i) {
        add(result.ours, run_timed(ours));
        add(result.peer, run_timed(peer));
    }
    return result;
}

int threads_of(BenchConfig const& config) {
    return config.threads > 0 ? static_cast<int>(config.threads)
                              : static_cast<int>(std::thread::hardware_concurrency());
}

std::vector<std::string> joined(std::vector<std::string> program,
                                std::vector<std::string> const& words) {
    program.insert(program.end(), words.begin(), words.end());
    return program;
}

}  // namespace tessera::apps
