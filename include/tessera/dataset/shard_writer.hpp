#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tessera/base/files.hpp>
#include <tessera/burst/burst.hpp>
#include <tessera/dataset/address_anonymiser.hpp>
#include <tessera/dataset/identity.hpp>
#include <tessera/dataset/manifest.hpp>
#include <tessera/flow/flow.hpp>
#include <tessera/token/tokenizer.hpp>

namespace tessera::dataset {

struct ShardSettings {
    std::filesystem::path folder;  ///< exists; the shard is published in it
    std::size_t number = 0;        ///< of the work unit
    TokenIdentity identity;
    token::Tokenizer tokenizer{token::TokenConfig{}};  ///< the one that `identity` names
    std::vector<std::string> label_sets;
    std::shared_ptr<AddressAnonymiser const> anonymiser;  ///< null: addresses as captured
    std::uint64_t memory = 4U << 20U;  ///< bytes of columns other than tokens that are held before
                                       ///< they go to a temporary file; more than the caches hold
                                       ///< is slower
    std::uint64_t expected_packets = 0;  ///< about; columns that grow are copied at each doubling
};

class ShardBuffers;

/// Flows in, one shard file out. Memory stays near ShardSettings::memory whatever the size: many
/// tokens are written once, where they stay in the file; other columns are put by in a nameless
/// temporary file of the folder and copied into exact contiguous datasets at the end. The same
/// flows give the same bytes.
class ShardWriter {
  public:
    ShardWriter(base::FileSystem& files, ShardSettings settings);
    ~ShardWriter();
    ShardWriter(ShardWriter&&) noexcept;
    ShardWriter& operator=(ShardWriter&&) noexcept;

    /// Adds a flow: cuts the tokens of its packets and appends it to every column. `bursts` hold
    /// each packet once, in order; `capture` counts within this shard; `labels` has one class or
    /// `no_label` for each label set.
    void add(flow::Flow const& flow, std::span<burst::Burst const> bursts, std::uint32_t capture,
             std::span<std::int32_t const> labels);

    /// Writes and publishes the shard, whole or not at all. Error(environment) names path, reason
    /// and bytes needed. Nothing may be added after it.
    ShardSummary finish();

    /// The same but for the publishing: the shard stands whole beside its place (base::aside_of),
    /// for base::publish_all.
    ShardSummary write();

  private:
    base::FileSystem* files_;
    ShardSettings settings_;
    std::unique_ptr<ShardBuffers> buffers_;
};

/// Writes STORE/index.h5 over the shards that lie in the folder; memory does not grow with the
/// store. `manifest.shards` and `manifest.labels` must be complete.
FileEntry write_index(base::FileSystem& files, std::filesystem::path const& store,
                      Manifest const& manifest);

}  // namespace tessera::dataset
