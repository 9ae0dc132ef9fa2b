#include "bert_names.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include <tessera/archive/torch_archive.hpp>
#include <tessera/base/error.hpp>
#include <tessera/batch/special.hpp>
#include <tessera/interchange/uer.hpp>

namespace tessera::interchange {
namespace {

namespace fs = std::filesystem;
using base::ExitCode;

constexpr std::size_t longest_vocabulary = std::size_t{64} << 20U;  // bytes
constexpr std::int64_t columns_a_head = 64;

/// Tensors of the archive by name, as float32 copies.
class Source {
  public:
    explicit Source(fs::path const& file) : shown_(base::printable(file.string())), archive_(file) {
        for (auto const& tensor : archive_.tensors()) by_name_[tensor.name] = &tensor;
    }

    bool contains(std::string const& name) const { return by_name_.contains(name); }

    torch::Tensor read(std::string const& name) const {
        auto const found = by_name_.find(name);
        base::validate(found != by_name_.end(), ExitCode::bad_input,
                       "'{}' has no tensor '{}': it is no BERT of UER", shown_, name);
        auto const& tensor = *found->second;
        base::validate(tensor.type == archive::ElementType::float32 ||
                           tensor.type == archive::ElementType::float16,
                       ExitCode::bad_input, "'{}': tensor '{}' is neither float32 nor float16",
                       shown_, name);
        auto const type =
            tensor.type == archive::ElementType::float32 ? torch::kFloat : torch::kHalf;
        auto result = torch::empty(tensor.shape, type);
        std::ranges::copy(tensor.bytes, static_cast<std::byte*>(result.data_ptr()));
        return result.to(torch::kFloat);
    }

    /// The tensor, which must have two axes.
    torch::Tensor matrix(std::string const& name) const {
        auto result = read(name);
        base::validate(result.dim() == 2, ExitCode::bad_input, "'{}': tensor '{}' is no matrix",
                       shown_, name);
        return result;
    }

    std::int64_t layers() const {
        std::int64_t count = 0;
        while (contains(fmt::format("encoder.transformer.{}.layer_norm_1.gamma", count))) ++count;
        return count;
    }

  private:
    std::string shown_;
    archive::TorchArchive archive_;
    std::map<std::string, archive::ArchivedTensor const*> by_name_;
};

/// Ids of the other program's vocabulary.
class Vocabulary {
  public:
    explicit Vocabulary(fs::path const& file) : shown_(base::printable(file.string())) {
        std::istringstream lines(base::read_text(file, longest_vocabulary));
        std::int64_t id = 0;
        for (std::string line; std::getline(lines, line); ++id) {
            while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
            ids_.emplace(line, id);
        }
        size_ = id;
    }

    std::int64_t size() const { return size_; }

    std::int64_t special(char const* token) const {
        auto const found = ids_.find(token);
        base::validate(found != ids_.end(), ExitCode::bad_input,
                       "'{}' has no {}: it is no vocabulary of UER", shown_, token);
        return found->second;
    }

    /// Word pieces of a token, longest first; [UNK] when it cannot be cut.
    std::vector<std::int64_t> pieces(std::string const& token) const {
        std::vector<std::int64_t> found;
        for (std::size_t begin = 0; begin < token.size();) {
            auto const [id, end] = longest_from(token, begin);
            if (end == begin) return {special("[UNK]")};
            found.push_back(id);
            begin = end;
        }
        return found;
    }

  private:
    std::pair<std::int64_t, std::size_t> longest_from(std::string const& token,
                                                      std::size_t begin) const {
        for (auto end = token.size(); end > begin; --end) {
            auto const piece = (begin > 0 ? "##" : "") + token.substr(begin, end - begin);
            if (auto const found = ids_.find(piece); found != ids_.end()) {
                return {found->second, end};
            }
        }
        return {0, begin};
    }

    std::string shown_;
    std::unordered_map<std::string, std::int64_t> ids_;
    std::int64_t size_ = 0;
};

/// For each of our ids the rows over there whose mean it becomes.
std::vector<std::vector<std::int64_t>> rows_of(Vocabulary const& vocabulary) {
    std::vector<std::vector<std::int64_t>> rows;
    for (auto const* token : special_tokens) rows.push_back({vocabulary.special(token)});
    for (std::int64_t bigram = 0; bigram < 65'536; ++bigram) {
        rows.push_back(vocabulary.pieces(fmt::format("{:04x}", bigram)));
    }
    return rows;
}

/// [our padded vocabulary, ..] from a tensor [their vocabulary, ..].
torch::Tensor moved(torch::Tensor const& theirs, std::vector<std::vector<std::int64_t>> const& rows,
                    std::int64_t padded) {
    auto const flat = theirs.view({theirs.size(0), -1});
    auto result = torch::zeros({padded, flat.size(1)});
    for (std::size_t id = 0; id < rows.size(); ++id) {
        auto const pieces = flat.index_select(0, torch::tensor(rows[id], torch::kInt64));
        result[static_cast<std::int64_t>(id)].copy_(pieces.mean(0));
    }
    auto shape = theirs.sizes().vec();
    shape[0] = padded;
    return result.view(shape);
}

model::BertConfig size_of(Source const& source, std::int64_t heads) {
    model::BertConfig size;
    auto const words = source.matrix("embedding.word_embedding.weight");
    size.hidden = words.size(1);
    size.layers = source.layers();
    size.heads = heads > 0 ? heads : std::max<std::int64_t>(1, size.hidden / columns_a_head);
    size.feed_forward = source.matrix("encoder.transformer.0.feed_forward.linear_1.weight").size(0);
    size.positions = source.matrix("embedding.position_embedding.weight").size(0);
    size.tied_embeddings = false;
    size.layer_norm = "unbiased";
    size.layer_norm_eps = 1e-6;
    check(size);
    return size;
}

torch::Tensor joined(Source const& source, NamePair const& pair) {
    std::vector<torch::Tensor> parts;
    for (auto const& name : pair.theirs) parts.push_back(source.read(name));
    return torch::cat(parts);
}

std::vector<NamePair> pairs_of(Source const& source, std::int64_t layers) {
    auto pairs = uer_encoder(layers);
    if (!source.contains("target.mlm_linear_1.weight")) return pairs;
    auto const heads = uer_pretraining();
    pairs.insert(pairs.end(), heads.begin(), heads.end());
    return pairs;
}

}  // namespace

BertWeights import_uer(fs::path const& file, fs::path const& vocabulary, std::int64_t heads) {
    Source const source(file);
    Vocabulary const words(vocabulary);
    BertWeights weights{
        .size = size_of(source, heads), .tensors = {}, .classes = {}, .token_settings = {}};
    auto const rows = rows_of(words);
    for (auto const& pair : pairs_of(source, weights.size.layers)) {
        auto tensor = joined(source, pair);
        if (pair.vocabulary_rows) {
            base::validate(tensor.size(0) == words.size(), ExitCode::bad_input,
                           "'{}': tensor '{}' has {} rows, the vocabulary {} lines",
                           base::printable(file.string()), pair.theirs.front(), tensor.size(0),
                           words.size());
            tensor = moved(tensor, rows, weights.size.padded_vocabulary());
        } else if (pair.ours == "encoder.embedding.segment") {
            base::validate(tensor.size(0) == 3, ExitCode::bad_input,
                           "'{}': the segment table has {} rows, UER's have 3",
                           base::printable(file.string()), tensor.size(0));
            tensor = tensor.narrow(0, 1, 2).contiguous();
        }
        weights.tensors.push_back({pair.ours, tensor});
    }
    return weights;
}

}  // namespace tessera::interchange
