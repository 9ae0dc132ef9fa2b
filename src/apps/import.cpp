// tessera import: weights of UER, ET-BERT or Hugging Face -> a run that fine-tuning begins with.
#include "command.hpp"

#include <filesystem>

#include <tessera/base/files.hpp>
#include <tessera/base/log.hpp>
#include <tessera/dataset/identity.hpp>
#include <tessera/interchange/hugging_face.hpp>
#include <tessera/interchange/uer.hpp>
#include <tessera/token/token_config.hpp>

namespace {

using namespace tessera;

struct Config {
    std::filesystem::path input;
    std::filesystem::path output;
    std::int64_t heads = 0;
    token::TokenConfig token;
};

void describe(base::OptionTable& options, Config& config) {
    options.section("import")
        .add("input", config.input, "UER's .bin file, or a folder of Hugging Face")
        .add("output", config.output, "run to make")
        .add("attention_heads", config.heads, "UER: attention heads; 0: one for 64 columns");
    describe(options, config.token);
}

interchange::BertWeights read(Config const& config) {
    if (std::filesystem::is_directory(config.input)) {
        return interchange::import_hugging_face(config.input);
    }
    base::validate(!config.token.vocabulary.empty(), base::ExitCode::usage,
                   "a .bin file holds no vocabulary: give --vocabulary FILE");
    return interchange::import_uer(config.input, config.token.vocabulary, config.heads);
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("import", "weights of UER, ET-BERT or Hugging Face -> a run");
    Config config;
    describe(command.options(), config);
    command.examples(
        "The [token] settings say which tokens the weights are for; a store made with the same\n"
        "ones takes them (`finetune --init`). Nothing in a .bin file is run.\n"
        "example: tessera import --input pretrained_model.bin --vocabulary encryptd_vocab.txt "
        "--output etbert");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        comm::agreed(comm, [&] {
            if (!comm.is_root()) return;
            base::validate(!config.input.empty() && !config.output.empty(), base::ExitCode::usage,
                           "give --input FILE|FOLDER and --output RUN");
            auto weights = read(config);
            if (weights.token_settings.empty()) {
                weights.token_settings = dataset::token_identity(config.token).settings;
            }
            interchange::write_run(base::local_files(), config.output, weights,
                                   config.input.string());
            base::log_info("{} layers x {}, {} tensors in '{}'", weights.size.layers,
                           weights.size.hidden, weights.tensors.size(),
                           base::printable(config.output.string()));
        });
        return base::ExitCode::done;
    });
}
