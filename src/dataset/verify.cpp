#include "check_shard.hpp"
#include "file_checksum.hpp"
#include "mapped_shard.hpp"
#include "shard_file.hpp"

#include <algorithm>
#include <functional>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/dataset/store.hpp>
#include <tessera/dataset/verify.hpp>
#include <tessera/dataset/vocabulary.hpp>
#include <tessera/hdf5/dataset.hpp>
#include <tessera/hdf5/file.hpp>

namespace tessera::dataset {

namespace {

namespace fs = std::filesystem;

class Verifier {
  public:
    explicit Verifier(fs::path store) : store_(std::move(store)) {}

    std::vector<Finding> run() {
        attempt("manifest.json", [&] { manifest_ = read_manifest(store_); });
        if (!findings_.empty()) return findings_;
        for (std::size_t i = 0; i < manifest_.shards.size(); ++i) verify_shard(i);
        verify_index();
        attempt(vocabulary_name, [&] { read_vocabulary(store_, manifest_.identity.tokenizer); });
        find_strangers();
        if (findings_.empty()) verify_totals();
        if (findings_.empty()) verify_splits();
        return findings_;
    }

  private:
    void attempt(std::string const& file, std::function<void()> const& check) {
        try {
            check();
        } catch (base::Error const& error) {
            findings_.push_back({file, error.what()});
        }
    }

    void find(std::string const& file, std::string const& what) {
        findings_.push_back({file, what});
    }

    // Only a file with the right checksum is handed to HDF5.
    bool is_whole(std::string const& file, std::uint64_t bytes, std::string const& checksum) {
        auto const before = findings_.size();
        attempt(file, [&] {
            std::error_code error;
            auto const size = fs::file_size(store_ / file, error);
            if (error) return find(file, "cannot be read: " + error.message());
            if (size != bytes) {
                return find(file, fmt::format("has {} bytes, the manifest says {}", size, bytes));
            }
            auto const found = file_checksum(store_ / file);
            if (found != checksum) {
                find(file,
                     fmt::format("is damaged: checksum {}, the manifest says {}", found, checksum));
            }
        });
        return findings_.size() == before;
    }

    void verify_shard(std::size_t number) {
        auto const& entry = manifest_.shards[number];
        if (!is_whole(entry.file, entry.bytes, entry.checksum)) return;
        attempt(entry.file, [&] {
            verify_layout(number);
            base::MappedFile const mapped(store_ / entry.file);
            auto const columns = shard_columns(mapped, entry, manifest_.labels, entry.file);
            auto const faults = faults_of(columns, entry, manifest_);
            for (auto const& fault : faults) find(entry.file, fault);
            if (faults.empty()) count_flows(columns);
        });
    }

    void count_flows(ShardColumns const& columns) {
        for (auto const end : columns.flow_end)
            ++ends_[flow::name(static_cast<flow::FlowEnd>(end))];
        labels_.resize(columns.labels.size());
        for (std::size_t set = 0; set < columns.labels.size(); ++set) {
            for (auto const label : columns.labels[set]) ++labels_[set][label];
        }
    }

    void verify_totals() {
        expect("manifest.json", ends_ == manifest_.flow_ends, "counts other flow_ends than stored");
        for (std::size_t set = 0; set < labels_.size(); ++set) {
            auto const& named = manifest_.labels[set];
            auto same = labels_[set][no_label] == named.unlabelled;
            for (std::size_t i = 0; i < named.classes.size(); ++i) {
                same = same && labels_[set][static_cast<std::int32_t>(i)] == named.histogram[i];
            }
            expect("manifest.json", same, "counts other labels of " + named.name + " than stored");
        }
    }

    void verify_layout(std::size_t number) {
        auto const& entry = manifest_.shards[number];
        auto const file = hdf5::File::open(store_ / entry.file);
        expect(entry.file, file.text_attribute("format") == shard_format, "is of another format");
        expect(entry.file, file.integer_attribute("version") == format_version,
               "is of another version");
        expect(entry.file, file.integer_attribute("shard") == number, "has another number inside");
        expect(entry.file, file.text_attribute("settings") == manifest_.identity.settings,
               "holds tokens of other settings than the manifest says");
        for (auto const& description : shard_datasets(entry.counts, label_set_names())) {
            auto const dataset = hdf5::Dataset::open(file, description.name, description.type);
            expect(entry.file, dataset.shape() == description.shape,
                   description.name + " has another shape than the manifest says");
            expect(entry.file,
                   dataset.file_offset().value_or(0) == entry.columns.at(description.name),
                   description.name + " lies elsewhere than the manifest says");
        }
    }

    void verify_index() {
        auto const& index = manifest_.index;
        if (!is_whole(index.file, index.bytes, index.checksum)) return;
        attempt(index.file, [&] {
            auto const file = hdf5::File::open(store_ / index.file);
            expect(index.file, file.text_attribute("format") == index_format,
                   "is of another format");
            for (auto const& description : shard_datasets(manifest_.counts, label_set_names())) {
                auto const dataset = hdf5::Dataset::open(file, description.name, description.type);
                expect(index.file, dataset.shape() == description.shape,
                       description.name + " has another shape than the manifest says");
            }
        });
    }

    // Files of a store that no manifest names: left over, or of another store.
    void find_strangers() {
        for (auto const& entry : fs::directory_iterator(store_)) {
            auto const name = entry.path().filename().string();
            auto const known = [&](ShardEntry const& shard) { return shard.file == name; };
            auto const is_shard = name.starts_with("shard-") && name.ends_with(".h5");
            if (name.ends_with(".tmp")) find(base::printable(name), "is left over, remove it");
            if (is_shard && std::none_of(manifest_.shards.begin(), manifest_.shards.end(), known)) {
                find(base::printable(name), "is in no manifest");
            }
        }
    }

    void verify_splits() {
        attempt("manifest.json", [&] {
            auto const store = open_store(store_, StoreCheck::sizes);
            for (auto const& name : split_names(store_)) {
                attempt("splits/" + base::printable(name) + ".json", [&] {
                    auto const split = load_split(store, name);
                    if (split.by != SplitBy::leaky_legacy) {
                        refuse_leaks(store, split.folds(), audit_folds(store, split.folds()));
                    }
                });
            }
        });
    }

    void expect(std::string const& file, bool holds, std::string const& what) {
        if (!holds) find(file, what);
    }

    std::vector<std::string> label_set_names() const {
        std::vector<std::string> names;
        for (auto const& set : manifest_.labels) names.push_back(set.name);
        return names;
    }

    fs::path store_;
    Manifest manifest_;
    std::vector<Finding> findings_;
    Counts ends_;                                                // flows by end, as stored
    std::vector<std::map<std::int32_t, std::uint64_t>> labels_;  // [set] class: flows, as stored
};

}  // namespace

std::vector<Finding> verify_store(fs::path const& store) {
    return Verifier(store).run();
}

}  // namespace tessera::dataset
