import Files
import Foundation

/// Encodes state as JSON, and decodes it.
package enum StateCoding {
  /// Encodes equal states as equal bytes; allows the infinities and NaN of a diverged simulation.
  package static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(value)
  }

  /// - Throws: ``StateError/unreadable(_:)``.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from data: Data
  ) throws(StateError) -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return try decoder.decode(type, from: data)
    } catch let error as DecodingError {
      throw .unreadable(describe(error))
    } catch {
      throw .unreadable("\(error)")
    }
  }
}
