#include "bench.hpp"
#include "corpus.hpp"
#include "timed_run.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/log.hpp>

namespace tessera::apps {

namespace {

namespace fs = std::filesystem;

void prepare_corpus(BenchConfig const& config) {
    auto const wanted = static_cast<std::uint64_t>(config.corpus_megabytes) * 1'000'000;
    if (fs::exists(config.corpus)) return;
    base::validate(!config.input.empty(), base::ExitCode::usage,
                   "'{}' does not exist: name captures to make it from with --input",
                   base::printable(config.corpus.string()));
    auto const packets = make_corpus(config.input, wanted, config.corpus);
    base::log_info("made '{}': {} packets, {} bytes", base::printable(config.corpus.string()),
                   packets, fs::file_size(config.corpus));
}

std::vector<double> walls(std::vector<TimedRun> const& runs) {
    std::vector<double> seconds;
    for (auto const& run : runs) {
        base::validate(run.exit_code == 0, base::ExitCode::failed,
                       "a measured program ended with exit code {}", run.exit_code);
        seconds.push_back(run.wall);
    }
    return seconds;
}

}  // namespace

std::vector<Figure> bench_preprocess(BenchConfig const& config, fs::path const& programs) {
    prepare_corpus(config);
    auto const store = fs::temp_directory_path() / fmt::format("tessera-bench-{}", ::getpid());
    std::vector<std::string> const ours{(programs / "tessera-preprocess").string(),
                                        "--input",
                                        config.corpus.string(),
                                        "--store",
                                        store.string(),
                                        "--force",
                                        "--json",
                                        "--progress",
                                        "none"};
    std::vector<std::string> const peer{(programs / "tessera-bench-libpcap").string(),
                                        config.corpus.string()};
    run_timed(peer);  // brings the file into the page cache
    auto const runs = run_paired(ours, peer, static_cast<int>(config.runs));
    base::local_files().remove(store);
    auto const packets = nlohmann::json::parse(runs.peer[0].output).at("packets").get<double>();
    auto const ours_seconds = median(walls(runs.ours));
    auto const peer_seconds = median(walls(runs.peer));
    auto const megabytes = static_cast<double>(fs::file_size(config.corpus)) * 1e-6;
    base::log_info(
        "{:.0f} MB, {:.0f} packets: {:.2f} s, {:.2f} M packets/s, {:.0f} MB/s, peak {} "
        "MiB; libpcap {:.2f} s, {:.2f} M packets/s",
        megabytes, packets, ours_seconds, packets / ours_seconds * 1e-6, megabytes / ours_seconds,
        runs.ours[0].peak_bytes >> 20U, peer_seconds, packets / peer_seconds * 1e-6);
    auto const method = fmt::format(
        "{:.0f} MB, {:.0f} packets in page cache; 1 rank, default settings, captures to published "
        "store, against pcap_next_ex over the file; {} runs in turn",
        megabytes, packets, config.runs);
    return {{.name = "preprocess, time against a libpcap read loop",
             .unit = "s",
             .ours = ours_seconds,
             .peer = peer_seconds,
             .target = 10,
             .lower = true,
             .method = method},
            {.name = "preprocess, peak memory against its limit",
             .unit = "MiB",
             .ours = static_cast<double>(runs.ours[0].peak_bytes) / (1U << 20U),
             .peer = 512,
             .target = 1,
             .lower = true,
             .method = "largest resident set of the rank, from wait4; peer = the limit"}};
}

}  // namespace tessera::apps
