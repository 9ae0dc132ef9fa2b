#include "bench.hpp"
#include "corpus.hpp"
#include "preprocess_page.hpp"
#include "stage_times.hpp"
#include "timed_run.hpp"

#include <cmath>
#include <filesystem>
#include <future>
#include <map>
#include <numeric>
#include <optional>

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
    base::validate(
        !config.corpus.empty(), base::ExitCode::usage,
        "give --corpus FILE: the capture to measure on; made from --input if it is not there");
    base::validate(!config.input.empty(), base::ExitCode::usage,
                   "'{}' does not exist: name captures to make it from with --input",
                   base::printable(config.corpus.string()));
    auto const packets = make_corpus(config.input, wanted, config.corpus);
    base::log_info("made '{}': {} packets, {} bytes", base::printable(config.corpus.string()),
                   packets, fs::file_size(config.corpus));
}

/// One measurement of ours: seconds of the whole program, of that the work (without the start of
/// mpirun and MPI), and the largest rank's memory.
struct Ours {
    double seconds = 0;
    double work = 0;
    double mebibytes = 0;
};

class PreprocessBench {
  public:
    PreprocessBench(BenchConfig const& config, fs::path programs)
        : config_(config),
          programs_(std::move(programs)),
          folder_(fs::temp_directory_path() / fmt::format("tessera-bench-{}", ::getpid())) {
        fs::create_directories(folder_);
    }
    ~PreprocessBench() {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    PreprocessBench(PreprocessBench const&) = delete;
    PreprocessBench& operator=(PreprocessBench const&) = delete;

    std::vector<Figure> operator()() {
        against_libpcap();
        against_ranks();
        against_equal_files();
        against_tshark();
        against_scapy();
        if (!config_.report.empty()) write_page();
        return figures_;
    }

  private:
    std::string corpus() const { return config_.corpus.string(); }

    // On 0 ranks: without a launcher.
    Ours ours(fs::path const& capture, int ranks, char const* store_name = "store") {
        auto const store = folder_ / store_name;
        base::local_files().remove(store);
        std::vector<std::string> command;
        if (ranks > 0) {
            command = {"mpirun",          "-n",        std::to_string(ranks),
                       "--oversubscribe", "--bind-to", "none"};
        }
        for (auto const& word :
             {(programs_ / "tessera-preprocess").string(), std::string("--input"), capture.string(),
              std::string("--store"), store.string(), std::string("--json"),
              std::string("--progress"), std::string("none")}) {
            command.push_back(word);
        }
        auto const run = run_timed(command);
        base::validate(run.exit_code == 0, base::ExitCode::failed,
                       "preprocess on {} ranks ended with exit code {}", ranks, run.exit_code);
        auto const said = nlohmann::json::parse(run.output);
        return {run.wall, said.at("seconds").get<double>(),
                said.at("peak_memory_bytes").get<double>() / (1U << 20U)};
    }

    // Ours and the peer in turn, so that a drift of the machine's speed hits both.
    void against_libpcap() {
        std::vector<std::string> const peer{(programs_ / "tessera-bench-libpcap").string(),
                                            corpus()};
        packets_ = nlohmann::json::parse(run_timed(peer).output).at("packets").get<double>();
        std::vector<double> own;
        std::vector<double> theirs;
        for (std::int64_t i = 0; i < config_.runs; ++i) {
            auto const run = ours(config_.corpus, 0);
            own.push_back(run.seconds);
            peak_ = std::max(peak_, run.mebibytes);
            theirs.push_back(run_timed(peer).wall);
        }
        alone_ = median(own);
        megabytes_ = static_cast<double>(fs::file_size(config_.corpus)) * 1e-6;
        figures_.push_back({.name = "preprocess, time against a libpcap read loop",
                            .unit = "s",
                            .ours = alone_,
                            .peer = median(theirs),
                            .target = 4,
                            .lower = true,
                            .method = fmt::format(
                                "{:.0f} MB, {:.0f} packets in page cache; 1 rank, default "
                                "settings, captures to published store, against pcap_next_ex over "
                                "the file; medians of {} runs in turn; {:.2f} M packets/s",
                                megabytes_, packets_, config_.runs, packets_ / alone_ * 1e-6)});
        figures_.push_back({.name = "preprocess, peak memory against its limit",
                            .unit = "MiB",
                            .ours = peak_,
                            .peer = 512,
                            .target = 1,
                            .lower = true,
                            .method = "largest resident set of the rank; peer = the limit"});
    }

    void against_ranks() {
        std::map<int, std::vector<double>> seconds;
        std::vector<double> apart;
        for (std::int64_t i = 0; i < config_.runs; ++i) {
            for (int const ranks : {1, 2, 4}) {
                seconds[ranks].push_back(ours(config_.corpus, ranks).work);
            }
            apart.push_back(two_apart());
        }
        for (auto const& [ranks, times] : seconds) {
            curves_.rate.push_back({static_cast<double>(ranks), packets_ / median(times) * 1e-6});
        }
        figures_.push_back({.name = "preprocess, rate of two ranks against one",
                            .unit = "M packets/s",
                            .ours = packets_ / median(seconds[2]) * 1e-6,
                            .peer = packets_ / median(seconds[1]) * 1e-6,
                            .target = 1.8,
                            .lower = false,
                            .method = "the same single file, shared by the ranks, captures to "
                                      "published store; the start of mpirun and MPI left out"});
        figures_.push_back({.name = "preprocess, rate of two ranks against two processes apart",
                            .unit = "M packets/s",
                            .ours = packets_ / median(seconds[2]) * 1e-6,
                            .peer = 2 * packets_ / median(apart) * 1e-6,
                            .target = 0.9,
                            .lower = false,
                            .method = "two processes on one rank each that share nothing but the "
                                      "machine, at the same time: more than that, its memory and "
                                      "disk do not let two ranks have"});
    }

    // s, of the slower one.
    double two_apart() {
        auto other = std::async(std::launch::async,
                                [&] { return ours(config_.corpus, 0, "store-apart").work; });
        auto const own = ours(config_.corpus, 0).work;
        return std::max(own, other.get());
    }

    // The corpus as one half, one quarter, .. against as many equal files: what idle ranks cost.
    void against_equal_files() {
        constexpr int halvings = 6;
        std::vector<double> skewed;
        for (int i = 1; i <= halvings; ++i) skewed.push_back(std::ldexp(1.0, -i));
        skewed.push_back(std::ldexp(1.0, -halvings));
        std::vector<double> const equal(skewed.size(), 1.0 / static_cast<double>(skewed.size()));
        cut_corpus(config_.corpus, skewed, folder_ / "skewed");
        cut_corpus(config_.corpus, equal, folder_ / "equal");
        std::vector<double> own;
        std::vector<double> peer;
        for (std::int64_t i = 0; i < config_.runs; ++i) {
            own.push_back(ours(folder_ / "skewed", 2).seconds);
            peer.push_back(ours(folder_ / "equal", 2).seconds);
        }
        figures_.push_back({.name = "preprocess, makespan of skewed against equal files",
                            .unit = "s",
                            .ours = median(own),
                            .peer = median(peer),
                            .target = 1.15,
                            .lower = true,
                            .method = "2 ranks; the same packets in 7 files, each half as large "
                                      "as the one before, against 7 equal ones"});
        base::local_files().remove(folder_ / "skewed");
        base::local_files().remove(folder_ / "equal");
    }

    void against_tshark() {
        std::vector<std::string> command{"tshark", "-n", "-r", corpus(), "-T", "fields"};
        for (auto const* field : {"frame.time_epoch", "frame.len", "ip.src", "ip.dst", "ip.proto",
                                  "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport"}) {
            command.insert(command.end(), {"-e", field});
        }
        auto const run = run_if_there(command);
        if (!run) return;
        figures_.push_back({.name = "preprocess, rate against tshark -T fields",
                            .unit = "M packets/s",
                            .ours = packets_ / alone_ * 1e-6,
                            .peer = packets_ / run->wall * 1e-6,
                            .target = 40,
                            .lower = false,
                            .method = "the same file, nine fields a packet, one run"});
    }

    void against_scapy() {
        constexpr double part = 5e6;  // bytes: it takes minutes over the whole
        auto const small = prefix(std::min(part / (megabytes_ * 1e6), 1.0));
        auto const run = run_if_there(
            {config_.python.string(), TESSERA_PEERS "/scapy_fields.py", small.string()});
        if (!run) return;
        auto const rate = static_cast<double>(fs::file_size(small)) * 1e-6 / run->wall;
        figures_.push_back({.name = "preprocess, rate against scapy's rdpcap",
                            .unit = "MB/s",
                            .ours = megabytes_ / alone_,
                            .peer = rate,
                            .target = 500,
                            .lower = false,
                            .method = "scapy on the first 5 MB of the file, fields and first bytes "
                                      "of each packet, without the reference's tshark calls"});
    }

    std::optional<TimedRun> run_if_there(std::vector<std::string> const& command) {
        try {
            auto run = run_timed(command);
            if (run.exit_code == 0) return run;
        } catch (base::Error const&) {
        }
        base::log_warning("no peer '{}' here (or it lacks a library): left out", command[0]);
        return std::nullopt;
    }

    // The first records of the corpus, about this share of its bytes.
    fs::path prefix(double share) {
        cut_corpus(config_.corpus, {share}, folder_ / "prefix");
        return folder_ / "prefix" / "000.pcap";
    }

    // Prefixes of the corpus, then inputs twice as large each.
    void memory_against_input() {
        for (double const share : {0.125, 0.25, 0.5, 1.0}) {
            auto const input = share < 1 ? prefix(share) : config_.corpus;
            curves_.memory.push_back({megabytes_ * share, ours(input, 0).mebibytes});
        }
        auto const large = folder_ / "large.pcap";
        auto const largest = static_cast<double>(config_.largest_megabytes);
        for (auto size = megabytes_; size < largest;) {
            size = std::min(2 * size, largest);
            make_corpus(config_.input, static_cast<std::uint64_t>(size * 1e6), large);
            curves_.memory.push_back({size, ours(large, 0).mebibytes});
        }
        base::local_files().remove(large);
    }

    void write_page() {
        memory_against_input();
        curves_.stages = stage_times(config_.corpus);
        auto const sum = std::accumulate(
            curves_.stages.begin(), curves_.stages.end(), 0.0,
            [](double total, StageTime const& stage) { return total + stage.seconds; });
        curves_.stages.push_back({"store and the rest", std::max(alone_ - sum, 0.0)});
        base::publish(base::local_files(), config_.report, preprocess_page(figures_, curves_));
    }

    BenchConfig const& config_;
    fs::path programs_;
    fs::path folder_;  // of its own, gone with the bench
    double packets_ = 0;
    double megabytes_ = 0;
    double alone_ = 0;  // s, one rank
    double peak_ = 0;   // MiB
    std::vector<Figure> figures_;
    PreprocessCurves curves_;
};

}  // namespace

std::vector<Figure> bench_preprocess(BenchConfig const& config, fs::path const& programs) {
    prepare_corpus(config);
    return PreprocessBench(config, programs)();
}

}  // namespace tessera::apps
