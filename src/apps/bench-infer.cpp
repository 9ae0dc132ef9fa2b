// tessera-bench-infer: our side of `tessera bench infer`; prints one JSON line like its peers.
#include "command.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <torch/utils.h>

#include <tessera/base/process.hpp>
#include <tessera/base/time.hpp>
#include <tessera/batch/special.hpp>
#include <tessera/device/allocator.hpp>
#include <tessera/device/threads.hpp>
#include <tessera/model/classifier.hpp>

namespace {

using namespace tessera;

struct Config {
    std::string model = "small";
    std::string lengths = "imix";
    std::int64_t batch = 32;
    std::int64_t sequence = 128;
    std::int64_t warm_up = 2;
    std::int64_t steps = 10;
    std::int64_t threads = 1;
};

constexpr std::int64_t classes = 17;

bool is_cnn(Config const& config) {
    return config.model == "deep-packet-cnn";
}

std::shared_ptr<model::Classifier> make_model(Config const& config,
                                              batch::ClassifierDataConfig const& data) {
    model::ClassifierConfig size;
    if (is_cnn(config)) size.model = config.model;
    size.byte_tokens = "bytes";
    if (config.model == "base") {
        size.bert = {.layers = 12, .hidden = 768, .heads = 12, .feed_forward = 3072};
    }
    auto model = model::make_classifier(size, data, classes);
    model->initialise(1);
    model->eval();
    return model;
}

batch::ClassifierDataConfig data_of(Config const& config) {
    batch::ClassifierDataConfig data;
    data.inputs = "tokens";
    data.level = is_cnn(config) ? "packet" : "flow";
    data.sequence_length = is_cnn(config) ? model::packet_sequence_length : config.sequence;
    return data;
}

/// Bytes of packet `number`: 7 of 40, 4 of 576, 1 of 1500 (the simple IMIX), or all of 1500.
std::int64_t packet_length(Config const& config, std::int64_t number) {
    constexpr std::array<std::int64_t, 12> mix{40, 40,  40,  40,  40,  40,
                                               40, 576, 576, 576, 576, 1500};
    return config.lengths == "full" ? model::packet_bytes
                                    : mix[static_cast<std::size_t>(number) % mix.size()];
}

batch::ClassifierBatch make_batch(Config const& config, batch::ClassifierDataConfig const& data) {
    batch::ClassifierBatch batch;
    batch.tokens = torch::zeros({config.batch, data.sequence_length}, torch::kInt64);
    batch.segments = torch::zeros_like(batch.tokens);
    auto const ids = is_cnn(config) ? 256 : 65'536;
    for (std::int64_t b = 0; b < config.batch; ++b) {
        auto const length = is_cnn(config) ? packet_length(config, b) + 2 : data.sequence_length;
        auto row = batch.tokens[b].narrow(0, 0, length);
        row.random_(batch::token_offset, batch::token_offset + ids);
        row[0] = batch::cls_id;
        row[length - 1] = batch::sep_id;
        batch.lengths.push_back(length);
        batch.keys.push_back(0);
    }
    return batch;
}

std::vector<double> step_seconds(Config const& config) {
    auto const data = data_of(config);
    auto const model = make_model(config, data);
    auto const batch = make_batch(config, data);
    torch::InferenceMode const inference;
    std::vector<double> seconds;
    for (std::int64_t step = 0; step < config.warm_up + config.steps; ++step) {
        base::Stopwatch const watch;
        auto const sum = model->logits(batch).sum().item<double>();
        base::validate(std::isfinite(sum), base::ExitCode::failed, "logits are not finite");
        if (step >= config.warm_up) seconds.push_back(watch.seconds());
    }
    return seconds;
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("bench-infer", "seconds of inference on random tokens or packets");
    Config config;
    command.options()
        .section("bench")
        .add("model", config.model, "model", {"deep-packet-cnn", "small", "base"})
        .add("lengths", config.lengths, "lengths of packets", {"imix", "full"})
        .add("batch", config.batch, "samples a batch")
        .add("sequence", config.sequence, "tokens a sequence")
        .add("warm_up", config.warm_up, "batches not counted")
        .add("steps", config.steps, "batches counted")
        .add("threads", config.threads, "threads");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        device::set_threads(comm, config.threads);
        device::keep_freed_memory();
        auto const seconds = step_seconds(config);
        fmt::print("{}\n", nlohmann::json{{"seconds", seconds},
                                          {"peak_memory_bytes", base::peak_resident_bytes()}}
                               .dump());
        return base::ExitCode::done;
    });
}
