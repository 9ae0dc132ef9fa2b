#pragma once

#include <vector>

#include <tessera/base/time.hpp>
#include <tessera/batch/classifier_sample.hpp>
#include <tessera/classify/answer.hpp>
#include <tessera/flow/flow.hpp>
#include <tessera/token/tokenizer.hpp>

namespace tessera::classify {

/// A sequence to ask the model about, and the answer to be, still without a class.
struct Question {
    Answer answer;
    batch::ClassifierSample sample;
    base::Stopwatch since{};  ///< when it could be asked
};

/// The questions that a flow gives: one at flow level, one for each of its first packets with
/// tokens at packet level, none when nothing can be told from its bytes. Sequences are made exactly
/// as in training.
std::vector<Question> questions_of(flow::Flow const& flow, std::string const& capture,
                                   token::Tokenizer const& tokenizer,
                                   batch::ClassifierDataConfig const& config);

}  // namespace tessera::classify
