// tessera export: a run or a bundle -> a folder that Hugging Face's BertModel loads.
#include "command.hpp"

#include <filesystem>

#include <tessera/base/files.hpp>
#include <tessera/base/log.hpp>
#include <tessera/interchange/hugging_face.hpp>

namespace {

struct Config {
    std::filesystem::path model;
    std::filesystem::path output;
};

}  // namespace

int main(int argc, char** argv) {
    using namespace tessera;
    apps::Command command("export", "weights as safetensors and config.json in BERT's names");
    Config config;
    command.options()
        .section("export")
        .add("model", config.model, "run or bundle")
        .add("output", config.output, "folder to make");
    command.examples(
        "Writes model.safetensors, config.json and vocab.txt; BertModel, BertForPreTraining and\n"
        "BertForSequenceClassification of Hugging Face load the folder.\n"
        "example: tessera export --model pretrained --output bert");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        comm::agreed(comm, [&] {
            if (!comm.is_root()) return;
            base::validate(!config.model.empty() && !config.output.empty(), base::ExitCode::usage,
                           "give --model RUN|BUNDLE and --output FOLDER");
            auto const weights = interchange::read_weights(config.model);
            interchange::export_hugging_face(base::local_files(), config.output, weights);
            base::log_info("{} tensors in '{}'", weights.tensors.size(),
                           base::printable(config.output.string()));
        });
        return base::ExitCode::done;
    });
}
