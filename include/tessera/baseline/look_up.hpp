#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace tessera::baseline {

/// A table from a key to the labels it had in training, e.g. "tcp 443": what a model can score by
/// knowing one field again. A key that was never seen falls back to the shares of all labels, and
/// so to the commonest class; with one key for all items this is the majority classifier.
class LookUp {
  public:
    explicit LookUp(std::size_t classes) : all_(classes) {}

    /// Counts one training item.
    void add(std::string const& key, std::int32_t label);

    /// Shares of the labels of a key. [C], sums to 1 once an item was added
    std::vector<float> shares(std::string const& key) const;

    std::size_t keys() const { return by_key_.size(); }

  private:
    using Counts = std::vector<std::uint64_t>;  // [C]

    Counts all_;
    std::map<std::string, Counts, std::less<>> by_key_;
};

}  // namespace tessera::baseline
