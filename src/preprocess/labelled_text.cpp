#include "bigram_text.hpp"
#include "workspace.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <tessera/base/error.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/base/mapped_file.hpp>
#include <tessera/burst/burst.hpp>
#include <tessera/dataset/shard_writer.hpp>
#include <tessera/preprocess/labelled_text.hpp>

namespace tessera::preprocess {

namespace {

namespace fs = std::filesystem;
using base::ExitCode;

constexpr std::size_t longest_label = 256;  // bytes
constexpr std::size_t most_classes = 1U << 16U;
constexpr auto refused_reason = "not_bigrams";

std::string shown(fs::path const& path) {
    return base::printable(path.string());
}

/// The columns of a row that count; a table may have others (text_b).
struct Columns {
    std::size_t label = 0;
    std::size_t text = 0;
};

std::string_view column(std::string_view line, std::size_t number) {
    for (; number > 0; --number) {
        auto const tab = line.find('\t');
        if (tab == std::string_view::npos) return {};
        line.remove_prefix(tab + 1);
    }
    return line.substr(0, std::min(line.find_first_of("\t\r"), line.size()));
}

Columns columns_of(std::string_view header, fs::path const& file) {
    std::optional<std::size_t> label;
    std::optional<std::size_t> text;
    auto const names = static_cast<std::size_t>(std::ranges::count(header, '\t')) + 1;
    for (std::size_t i = 0; i < names; ++i) {
        if (column(header, i) == "label") label = i;
        if (column(header, i) == "text_a") text = i;
    }
    base::validate(label && text, ExitCode::bad_input,
                   "'{}' is no table of labelled text: its first line names no columns 'label' and "
                   "'text_a'",
                   shown(file));
    return {*label, *text};
}

struct Row {
    std::uint64_t number = 0;  ///< line of the file, from 1
    std::string_view label;
    std::string_view text;

    bool has_label() const {
        return !label.empty() && label.size() <= longest_label && base::printable(label) == label;
    }
};

/// Every row behind the header; memory does not grow with the file.
void for_each_row(fs::path const& path, std::function<void(Row const&)> const& act) {
    base::MappedFile const file(path);
    file.expect_sequential();
    auto const bytes = file.bytes();
    std::string_view const text(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    Columns columns;
    std::uint64_t number = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        auto const end = std::min(text.find('\n', begin), text.size());
        auto const line = text.substr(begin, end - begin);
        if (++number == 1) {
            columns = columns_of(line, path);
        } else if (!line.empty() && line != "\r") {
            act({number, column(line, columns.label), column(line, columns.text)});
        }
        begin = end + 1;
    }
    base::validate(number > 0, ExitCode::bad_input, "'{}' is empty", shown(path));
}

/// "2-valid/valid_dataset.tsv": a folder for each fold that a name speaks of.
std::string name_in_store(fs::path const& path) {
    auto const name = path.filename().string();
    auto const speaks_of = [&](char const* word) { return name.find(word) != std::string::npos; };
    if (speaks_of("test")) return "3-test/" + name;
    if (speaks_of("valid") || speaks_of("dev")) return "2-valid/" + name;
    return "1-train/" + name;
}

dataset::LabelSet label_set(std::vector<fs::path> const& input) {
    std::set<std::string, std::less<>> classes;
    for (auto const& path : input) {
        for_each_row(path, [&](Row const& row) {
            if (row.has_label() && !classes.contains(row.label)) classes.emplace(row.label);
            base::validate(classes.size() <= most_classes, ExitCode::bad_input,
                           "'{}' has more than {} classes", shown(path), most_classes);
        });
    }
    return {.name = "label", .classes = {classes.begin(), classes.end()}, .histogram = {}};
}

packet::Endpoint numbered(std::uint64_t row) {
    packet::Endpoint end;
    for (std::size_t byte = 0; byte < sizeof(row); ++byte) {
        end.address.bytes.at(15 - byte) = static_cast<std::uint8_t>(row >> (8 * byte) & 0xffU);
    }
    return end;
}

flow::Flow flow_of(std::vector<std::vector<std::byte>> const& packets, std::uint64_t row) {
    flow::Flow flow;
    flow.key.high = numbered(row);
    flow.low_sent_first = false;
    for (auto const& bytes : packets) {
        auto const size = static_cast<std::uint16_t>(bytes.size());
        flow.packets.push_back({.wire_length = size,
                                .payload_length = size,
                                .bytes_begin = static_cast<std::uint32_t>(flow.bytes.size()),
                                .bytes_size = size});
        flow.bytes.insert(flow.bytes.end(), bytes.begin(), bytes.end());
    }
    return flow;
}

/// Rows of all tables into one shard.
class TextUnit {
  public:
    TextUnit(dataset::ShardWriter& shard, dataset::LabelSet const& labels)
        : shard_(shard), classes_(labels.classes) {}

    void read(fs::path const& path, LabelledTextResult& result) {
        dataset::CaptureEntry entry{.path = name_in_store(path), .bytes = fs::file_size(path)};
        auto const number = static_cast<std::uint32_t>(report_.captures.size());
        for_each_row(path, [&](Row const& row) {
            auto const packets = row.has_label() ? packets_of(row.text) : std::nullopt;
            if (!packets) return refuse(path, row, entry, result);
            add(*packets, row, number);
            entry.packets_read += packets->size();
            entry.packets_kept += packets->size();
            ++entry.flows;
        });
        report_.captures.push_back(std::move(entry));
    }

    dataset::UnitReport finish() {
        report_.shard = shard_.finish();
        return std::move(report_);
    }

  private:
    void add(std::vector<std::vector<std::byte>> const& packets, Row const& row,
             std::uint32_t capture) {
        auto const found = std::ranges::lower_bound(classes_, row.label);
        std::int32_t const label[]{static_cast<std::int32_t>(found - classes_.begin())};
        auto const flow = flow_of(packets, row.number);
        shard_.add(flow, burst::split_bursts(flow, {}), capture, label);
    }

    static void refuse(fs::path const& path, Row const& row, dataset::CaptureEntry& entry,
                       LabelledTextResult& result) {
        ++entry.packets_read;
        ++entry.packets_dropped[refused_reason];
        if (result.refused++ > 0) return;
        result.first_refusal = fmt::format("'{}', line {}: {}", shown(path), row.number,
                                           row.has_label() ? "its text is not words of four hex "
                                                             "digits"
                                                           : "it has no label");
    }

    dataset::ShardWriter& shard_;
    std::vector<std::string> const& classes_;
    dataset::UnitReport report_;
};

std::string settings_of(token::TokenConfig const& token) {
    PreprocessConfig config;
    config.token = token;
    return content_settings(config);
}

void check(LabelledTextConfig const& config) {
    base::validate(!fs::exists(config.store), ExitCode::usage, "'{}' exists; choose another",
                   shown(config.store));
    base::validate(config.token.tokenizer == "bigram", ExitCode::usage,
                   "the text of these tables is byte bigrams: --tokenizer bigram, not '{}'",
                   config.token.tokenizer);
}

}  // namespace

LabelledTextResult import_labelled_text(base::FileSystem& files, LabelledTextConfig const& config) {
    check(config);
    auto const labels = label_set(config.input);
    Workspace workspace(files, config.store);
    workspace.prepare("labelled text");
    LabelledTextResult result;
    auto const identity = dataset::token_identity(config.token);
    dataset::ShardWriter shard(files, {.folder = workspace.path(),
                                       .identity = identity,
                                       .tokenizer = token::Tokenizer(config.token),
                                       .label_sets = {labels.name}});
    TextUnit unit(shard, labels);
    for (auto const& path : config.input) unit.read(path, result);
    result.manifest =
        dataset::assemble({unit.finish()}, identity, {labels}, settings_of(config.token));
    result.manifest.index = dataset::write_index(files, workspace.path(), result.manifest);
    dataset::publish_manifest(files, workspace.path(), result.manifest);
    workspace.publish(false);
    return result;
}

}  // namespace tessera::preprocess
