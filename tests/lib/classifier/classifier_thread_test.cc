// Readers and the writer at once. Each version replaces a whole set of rules (a bundle); every reader that looks a
// packet up in all of them must find rules of one and the same generation.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "lib/classifier/classifier.h"
#include "tests/lib/classifier/test_rule.h"

namespace weft {
namespace {

constexpr unsigned bundle_size = 6;

struct Generation final : ClassifierRule {
  Generation(const Match& match, uint64_t generation) : ClassifierRule(MiniMatch(match), 10), number(generation) {}
  ~Generation() { number = 0; }  // a reader that still stands here would see it
  uint64_t number;
};

// Rule i of a bundle: different masks, and some in one subtable.
Match match_number(unsigned i) {
  switch (i % 3) {
    case 0:
      return match_of({{FieldId::in_port, i}});
    case 1:
      return match_of({{FieldId::in_port, i}, {FieldId::eth_dst, 1}});
    default:
      return match_of({{FieldId::in_port, i}, {FieldId::tcp_dst, 80}});
  }
}

Flow packet_number(unsigned i) {
  return packet_of({{FieldId::in_port, i}, {FieldId::eth_dst, 1}, {FieldId::tcp_dst, 80}});
}

class BundleWriter {
 public:
  void replace_all(uint64_t generation) {
    std::vector<std::unique_ptr<Generation>> rules;
    for (unsigned i = 0; i < bundle_size; ++i) {
      rules.push_back(std::make_unique<Generation>(match_number(i), generation));
      if (!current_.empty()) {
        classifier.remove(*current_[i], version.next());
      }
      classifier.insert(*rules.back(), version.next());
    }
    classifier.seal();
    version.publish();
    for (auto& rule : current_) {
      removed_.push_back(std::move(rule));
    }
    current_ = std::move(rules);
  }

  void reclaim() {
    std::erase_if(removed_, [&](std::unique_ptr<Generation>& rule) {
      const bool is_unseen = rule->removed_version() <= version.settled();
      if (is_unseen) {
        classifier.unlink(*rule);
        rcu::retire(std::move(rule));
      }
      return is_unseen;
    });
    classifier.seal();
  }

  TableVersion version;
  Classifier classifier{7};

 private:
  std::vector<std::unique_ptr<Generation>> current_;
  std::vector<std::unique_ptr<Generation>> removed_;
};

void read_bundles(const BundleWriter& writer, const std::atomic<bool>& stop, std::atomic<uint64_t>& torn) {
  rcu::ThreadScope scope;
  uint64_t newest = 0;
  while (!stop.load(std::memory_order_relaxed)) {
    const uint64_t version = writer.version.current();
    uint64_t first = 0;
    for (unsigned i = 0; i < bundle_size; ++i) {
      Flow mask;
      const auto* rule = static_cast<const Generation*>(writer.classifier.lookup(packet_number(i), version, &mask));
      const uint64_t number = rule != nullptr ? rule->number : 0;
      first = i == 0 ? number : first;
      if (number == 0 || number != first || number < newest) {
        torn.fetch_add(1);
      }
    }
    newest = first;
    rcu::quiescent();
  }
}

TEST(ClassifierThreads, AReaderNeverSeesHalfABundle) {
  rcu::ThreadScope scope;
  BundleWriter writer;
  writer.replace_all(1);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> torn{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] { read_bundles(writer, stop, torn); });
  }
  for (uint64_t generation = 2; generation < 2000; ++generation) {
    writer.replace_all(generation);
    writer.reclaim();
    rcu::quiescent();
    if (generation % 50 == 0) {
      rcu::synchronize();
    }
  }
  stop.store(true);
  {
    rcu::OfflineScope offline;
    for (std::thread& reader : readers) {
      reader.join();
    }
    rcu::barrier();
  }
  EXPECT_EQ(torn.load(), 0u);
  writer.reclaim();
  EXPECT_EQ(writer.classifier.linked_count(), bundle_size);
}

}  // namespace
}  // namespace weft
