// tessera-bench-step: our side of `tessera bench train`; prints one JSON line like its peer.
#include "command.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tessera/base/process.hpp>
#include <tessera/device/compute_device.hpp>
#include <tessera/train/plan.hpp>
#include <tessera/train/step_times.hpp>

namespace {

using namespace tessera;

model::BertConfig sized(std::string const& name) {
    model::BertConfig config;  // the small size
    if (name == "tiny") config = {.layers = 2, .hidden = 128, .heads = 2, .feed_forward = 512};
    if (name == "base") config = {.layers = 12, .hidden = 768, .heads = 12, .feed_forward = 3072};
    return config;
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("bench-step", "seconds of pre-training steps on random tokens");
    std::string size = "small";
    std::string device = "cpu";
    std::filesystem::path store;
    train::StepShape shape;
    command.options()
        .section("bench")
        .add("model", size, "size of the model", {"tiny", "small", "base"})
        .add("batch", shape.sequences, "sequences a step")
        .add("sequence", shape.tokens, "tokens a sequence")
        .add("warm_up", shape.warm_up, "steps not counted")
        .add("steps", shape.steps, "steps counted")
        .add("threads", shape.threads, "threads")
        .add("store", store, "token store to make batches from, measured alone; empty: none")
        .add("device", device, "what computes", {"auto", "cpu", "cuda"})
        .add("precision", shape.precision, "type that products compute in",
             {"fp32", "bf16", "fp16"});
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        shape.device = device::choose_device(comm, device);
        auto const seconds = train::step_times(sized(size), shape);
        auto const rows = static_cast<double>(shape.sequences * shape.tokens);
        auto const planned = train::step_memory(sized(size), static_cast<double>(shape.sequences),
                                                rows, train::masked_share * rows);
        nlohmann::json said{{"seconds", seconds},
                            {"peak_memory_bytes", base::peak_resident_bytes()},
                            {"planned_memory_bytes", train::total(planned)}};
        if (!store.empty()) said["loading_seconds"] = train::loading_times(store, shape);
        fmt::print("{}\n", said.dump());
        return base::ExitCode::done;
    });
}
