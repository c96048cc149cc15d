/* gsm7 - what an SMS can carry: the GSM 03.38 (3GPP TS 23.038) default alphabet and its extension table. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/gsm7.h"

#include "bridge/base/text.h"

/* TS 23.038 section 6.2.1, in the order of the codes 0x00 to 0x7F. The capital Ç is at 0x09 and the
 * small one nowhere; 0x1B is the escape to the extension table and no character. */
static const uint16_t DEFAULT_ALPHABET[128] = {
	'@',	0x00A3, '$',	0x00A5, 0x00E8, 0x00E9, 0x00F9, 0x00EC, /* @ £ $ ¥ è é ù ì */
	0x00F2, 0x00C7, '\n',	0x00D8, 0x00F8, '\r',	0x00C5, 0x00E5, /* ò Ç LF Ø ø CR Å å */
	0x0394, '_',	0x03A6, 0x0393, 0x039B, 0x03A9, 0x03A0, 0x03A8, /* Δ _ Φ Γ Λ Ω Π Ψ */
	0x03A3, 0x0398, 0x039E, 0,	0x00C6, 0x00E6, 0x00DF, 0x00C9, /* Σ Θ Ξ ESC Æ æ ß É */
	' ',	'!',	'"',	'#',	0x00A4, '%',	'&',	'\'',	/* 0x24 is ¤ */
	'(',	')',	'*',	'+',	',',	'-',	'.',	'/',	/**/
	'0',	'1',	'2',	'3',	'4',	'5',	'6',	'7',	/**/
	'8',	'9',	':',	';',	'<',	'=',	'>',	'?',	/**/
	0x00A1, 'A',	'B',	'C',	'D',	'E',	'F',	'G',	/* ¡ */
	'H',	'I',	'J',	'K',	'L',	'M',	'N',	'O',	/**/
	'P',	'Q',	'R',	'S',	'T',	'U',	'V',	'W',	/**/
	'X',	'Y',	'Z',	0x00C4, 0x00D6, 0x00D1, 0x00DC, 0x00A7, /* Ä Ö Ñ Ü § */
	0x00BF, 'a',	'b',	'c',	'd',	'e',	'f',	'g',	/* ¿ */
	'h',	'i',	'j',	'k',	'l',	'm',	'n',	'o',	/**/
	'p',	'q',	'r',	's',	't',	'u',	'v',	'w',	/**/
	'x',	'y',	'z',	0x00E4, 0x00F6, 0x00F1, 0x00FC, 0x00E0, /* ä ö ñ ü à */
};

/* Section 6.2.1.1: codes 0x0A 0x14 0x28 0x29 0x2F 0x3C 0x3D 0x3E 0x40 0x65 after the escape. */
static const uint16_t EXTENSION[] = {'\f', '^', '{', '}', '\\', '[', '~', ']', '|', 0x20AC};

static bool holds(const uint16_t *table, size_t count, uint32_t character)
{
	for (size_t i = 0; i < count; i++)
		if (table[i] == character)
			return true;
	return false;
}

int gsm7_septets(uint32_t character)
{
	if (character == 0) /* stands for the escape in the table */
		return 0;
	if (holds(DEFAULT_ALPHABET, sizeof(DEFAULT_ALPHABET) / sizeof(DEFAULT_ALPHABET[0]), character))
		return 1;
	return holds(EXTENSION, sizeof(EXTENSION) / sizeof(EXTENSION[0]), character) ? 2 : 0;
}

struct gsm7_measure gsm7_measure(const char *utf8, size_t len)
{
	struct gsm7_measure measure = {.sendable = true};
	uint32_t character;

	while (len) {
		size_t step = text_next_utf8(utf8, len, &character);

		if (!step) { /* the caller promised otherwise; count the byte as a character that cannot be sent */
			step = 1;
			character = 0xFFFD;
		}
		int septets = gsm7_septets(character);

		measure.characters++;
		measure.septets += (size_t)septets;
		if (!septets && measure.sendable) {
			measure.sendable = false;
			measure.offender = character;
			measure.offender_position = measure.characters;
		}
		utf8 += step;
		len -= step;
	}
	return measure;
}
