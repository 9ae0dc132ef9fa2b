// tessera classify: captures -> one JSON line a flow, by the rules of a bundle.
#include "command.hpp"

#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include <tessera/base/files.hpp>
#include <tessera/base/log.hpp>
#include <tessera/base/progress.hpp>
#include <tessera/base/stop.hpp>
#include <tessera/capture/capture_files.hpp>
#include <tessera/capture/joined_capture.hpp>
#include <tessera/capture/live_capture.hpp>
#include <tessera/classify/classifier.hpp>
#include <tessera/classify/trained_model.hpp>
#include <tessera/device/allocator.hpp>
#include <tessera/device/threads.hpp>

namespace {

using namespace tessera;

struct Config {
    std::filesystem::path model;
    std::vector<std::string> input;
    std::string join;
    std::string interface;
    std::int64_t packets = 0;
    std::int64_t threads = 0;
    classify::ClassifyConfig classify;
};

void describe(base::OptionTable& options, Config& config) {
    options.section("classify")
        .add("model", config.model, "bundle, or run that holds one")
        .add("input", config.input, "captures: files, folders, globs, @list, - for standard input")
        .add("join", config.join,
             "captures that are one in several files: none, those of a folder, all; empty: as the "
             "model learnt")
        .add("interface", config.interface, "classify the traffic of a network interface instead")
        .add("live_packets", config.packets, "live: packets after which to end; 0: until a signal")
        .add("threads", config.threads, "threads a rank; 0: this node's processors, shared out");
    classify::describe(options, config.classify);
}

void tell(classify::ClassifyCounts const& counts, double seconds, bool live) {
    for (auto const& fault : counts.faults) base::log_warning("{}", fault);
    base::log_info(
        "{} captures, {} packets, {} flows, {} answers ({} unknown) in {}: {} packets/s, {} "
        "flows/s",
        counts.captures, counts.packets_read, counts.flows, counts.answers, counts.unknown,
        base::short_duration(seconds),
        base::short_count(static_cast<double>(counts.packets_read) / seconds),
        base::short_count(static_cast<double>(counts.flows) / seconds));
    base::log_info(
        "{:.0f} % of the time in the model, {:.0f} % in reading, flows and tokens; from {} to its "
        "answer p50 {:.3g} ms, p99 {:.3g} ms",
        100 * counts.model_seconds / seconds, 100 * (1 - counts.model_seconds / seconds),
        live ? "the last packet of a flow" : "when a flow could be asked about",
        1e3 * counts.latency.quantile(0.5), 1e3 * counts.latency.quantile(0.99));
}

// A reader that went away (`| head`) ends the work like any other failed write.
void print_line(classify::Answer const& answer) {
    auto const line = classify::to_json_line(answer);
    auto const written = std::fwrite(line.data(), 1, line.size(), stdout);
    base::validate(written == line.size() && std::fflush(stdout) == 0, base::ExitCode::environment,
                   "cannot write the answers to standard output");
}

/// The captures of this rank that a stop signal left unread.
std::uint64_t read_files(classify::Classifier& classifier, classify::TrainedModel const& model,
                         Config const& config, comm::Communicator const& comm) {
    auto const& reading = model.reading();
    auto const join = capture::join_of(config.join.empty() ? reading.join : config.join);
    auto const captures =
        capture::joined(capture::find_captures(config.input).captures, join, reading.capture);
    auto const own = comm::shard(captures.size(), comm);
    auto i = own.begin;
    for (; i < own.end && !base::stop_requested(); ++i) classifier.read(captures[i]);
    return own.end - i;
}

/// True, with a line, when a signal kept captures from being read.
bool interrupted(classify::ClassifyCounts const& counts, std::uint64_t unread) {
    if (unread + counts.captures_cut == 0) return false;
    base::log_warning(
        "stopped by a signal: {} captures were not read, {} in part (flows that it cut are "
        "answered with the packets read): start again for all",
        unread, counts.captures_cut);
    return true;
}

/// Tells of packets that were lost, soon, and not again and again.
class LossTeller {
  public:
    explicit LossTeller(capture::LiveCapture const& interface) : interface_(interface) {}

    void look() {
        constexpr double seconds_between = 10;
        if (since_.seconds() < seconds_between) return;
        since_.restart();
        tell();
    }

    void tell() {
        auto const lost = interface_.counts().lost;
        if (lost > told_) {
            base::log_warning("{} packets were lost before they could be read, {} in all",
                              lost - told_, lost);
        }
        told_ = lost;
    }

  private:
    capture::LiveCapture const& interface_;
    base::Stopwatch since_;
    std::uint64_t told_ = 0;
};

void listen(classify::Classifier& classifier, classify::TrainedModel const& model,
            Config const& config, comm::Communicator const& comm) {
    base::validate(comm.size() == 1, base::ExitCode::usage,
                   "--interface: one process listens, start it without mpirun");
    capture::LiveCapture interface(config.interface, model.reading().filter);
    LossTeller losses(interface);
    auto const next = [&] {
        losses.look();
        return interface.next();
    };
    base::log_info("listening on '{}'", base::printable(config.interface));
    classifier.listen({config.interface, next, base::stop_requested, capture::LiveCapture::now,
                       capture::LiveCapture::longest_delay,
                       static_cast<std::uint64_t>(config.packets)});
    losses.tell();
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("classify", "captures -> one JSON line a flow");
    command.heed_stop_signals();
    Config config;
    describe(command.options(), config);
    command.examples("example: tessera classify --model bundle --input capture.pcap");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        base::validate(config.input.empty() != config.interface.empty(), base::ExitCode::usage,
                       "give --input PATH .. or --interface NAME");
        device::set_threads(comm, config.threads);
        device::keep_freed_memory();
        classify::TrainedModel model(config.model);
        classify::Classifier classifier(model, config.classify, print_line);
        base::Stopwatch const clock;
        std::uint64_t unread = 0;
        if (config.interface.empty()) {
            unread = read_files(classifier, model, config, comm);
        } else {
            listen(classifier, model, config, comm);
        }
        auto const& counts = classifier.counts();
        tell(counts, clock.seconds(), !config.interface.empty());
        if (!comm::agree(comm, !interrupted(counts, unread))) return base::ExitCode::failed;
        return comm::agree(comm, counts.faults.empty()) ? base::ExitCode::done
                                                        : base::ExitCode::bad_input;
    });
}
