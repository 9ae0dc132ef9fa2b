// tessera import: weights of UER, ET-BERT or Hugging Face -> a run that fine-tuning begins with;
// ET-BERT's labelled text -> a token store.
#include "command.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

#include <tessera/base/files.hpp>
#include <tessera/base/log.hpp>
#include <tessera/dataset/identity.hpp>
#include <tessera/interchange/hugging_face.hpp>
#include <tessera/interchange/uer.hpp>
#include <tessera/preprocess/labelled_text.hpp>
#include <tessera/token/token_config.hpp>

namespace {

using namespace tessera;

struct Config {
    std::vector<std::string> input;
    std::filesystem::path output;
    std::int64_t heads = 0;
    token::TokenConfig token;
};

void describe(base::OptionTable& options, Config& config) {
    options.section("import")
        .add("input", config.input,
             "UER's .bin file, a folder of Hugging Face, or .tsv tables of ET-BERT's fine-tuning")
        .add("output", config.output, "run to make; for tables the token store")
        .add("attention_heads", config.heads, "UER: attention heads; 0: one for 64 columns");
    describe(options, config.token);
}

bool names_tables(Config const& config) {
    return std::ranges::all_of(config.input,
                               [](auto const& path) { return path.ends_with(".tsv"); });
}

void import_tables(Config const& config) {
    auto const result = preprocess::import_labelled_text(
        base::local_files(), {.input = {config.input.begin(), config.input.end()},
                              .store = config.output,
                              .token = config.token});
    if (result.refused > 0) {
        base::log_warning("{} rows refused, the first: {}", result.refused, result.first_refusal);
    }
    base::log_info(
        "{} rows as flows in '{}'; `tessera split --by folder` gives the split of the "
        "files back",
        result.manifest.counts.flows, base::printable(config.output.string()));
}

interchange::BertWeights read(Config const& config) {
    base::validate(config.input.size() == 1, base::ExitCode::usage,
                   "--input: one file or folder of weights, or .tsv tables");
    std::filesystem::path const input = config.input.front();
    if (std::filesystem::is_directory(input)) return interchange::import_hugging_face(input);
    base::validate(std::filesystem::exists(input), base::ExitCode::bad_input,
                   "'{}' is not there: give the file or folder of the weights",
                   base::printable(input.string()));
    base::validate(!config.token.vocabulary.empty(), base::ExitCode::usage,
                   "a .bin file holds no vocabulary: give --vocabulary FILE");
    return interchange::import_uer(input, config.token.vocabulary, config.heads);
}

void import_weights(Config const& config) {
    auto weights = read(config);
    if (weights.token_settings.empty()) {
        weights.token_settings = dataset::token_identity(config.token).settings;
        weights.tokenizer = config.token.tokenizer;
    }
    interchange::write_run(base::local_files(), config.output, weights, config.input.front());
    base::log_info("{} layers x {}, {} tensors in '{}'", weights.size.layers, weights.size.hidden,
                   weights.tensors.size(), base::printable(config.output.string()));
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("import", "weights of UER, ET-BERT or Hugging Face -> a run");
    Config config;
    describe(command.options(), config);
    command.examples(
        "The [token] settings say which tokens the weights are for, and the text of tables is of; "
        "a\n"
        "store made with the same ones takes them (`finetune --init`). Nothing in a .bin file is "
        "run.\n"
        "example: tessera import --input pretrained_model.bin --vocabulary encryptd_vocab.txt "
        "--output etbert");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        comm::agreed(comm, [&] {
            if (!comm.is_root()) return;
            base::validate(!config.input.empty() && !config.output.empty(), base::ExitCode::usage,
                           "give --input FILE|FOLDER and --output RUN");
            names_tables(config) ? import_tables(config) : import_weights(config);
        });
        return base::ExitCode::done;
    });
}
