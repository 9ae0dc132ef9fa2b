// tessera classify: captures -> one JSON line a flow, by the rules of a bundle.
#include "command.hpp"

#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include <tessera/base/files.hpp>
#include <tessera/base/log.hpp>
#include <tessera/base/progress.hpp>
#include <tessera/capture/capture_files.hpp>
#include <tessera/classify/classifier.hpp>
#include <tessera/classify/trained_model.hpp>
#include <tessera/device/threads.hpp>

namespace {

using namespace tessera;

struct Config {
    std::filesystem::path model;
    std::vector<std::string> input;
    std::int64_t threads = 0;
    classify::ClassifyConfig classify;
};

void describe(base::OptionTable& options, Config& config) {
    options.section("classify")
        .add("model", config.model, "bundle, or run that holds one")
        .add("input", config.input, "captures: files, folders, globs, @list, - for standard input")
        .add("threads", config.threads, "threads a rank; 0: this node's processors, shared out");
    classify::describe(options, config.classify);
}

void tell(classify::ClassifyCounts const& counts, double seconds) {
    for (auto const& fault : counts.faults) base::log_warning("{}", fault);
    base::log_info(
        "{} captures, {} packets, {} flows, {} answers in {}: {} packets/s, {} answers/s",
        counts.captures, counts.packets_read, counts.flows, counts.answers,
        base::short_duration(seconds),
        base::short_count(static_cast<double>(counts.packets_read) / seconds),
        base::short_count(static_cast<double>(counts.answers) / seconds));
}

// A reader that went away (`| head`) ends the work like any other failed write.
void print_line(classify::Answer const& answer) {
    auto const line = classify::to_json_line(answer);
    auto const written = std::fwrite(line.data(), 1, line.size(), stdout);
    base::validate(written == line.size() && std::fflush(stdout) == 0, base::ExitCode::environment,
                   "cannot write the answers to standard output");
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("classify", "captures -> one JSON line a flow");
    Config config;
    describe(command.options(), config);
    command.examples("example: tessera classify --model bundle --input capture.pcap");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        base::validate(!config.input.empty(), base::ExitCode::usage,
                       "no captures named: give --input PATH ..");
        device::set_threads(comm, config.threads);
        classify::TrainedModel model(config.model);
        classify::Classifier classifier(model, config.classify, print_line);
        auto const captures = capture::find_captures(config.input).captures;
        base::Stopwatch const clock;
        auto const own = comm::shard(captures.size(), comm);
        for (auto i = own.begin; i < own.end; ++i) classifier.read(captures[i]);
        tell(classifier.counts(), clock.seconds());
        return comm::agree(comm, classifier.counts().faults.empty()) ? base::ExitCode::done
                                                                     : base::ExitCode::bad_input;
    });
}
