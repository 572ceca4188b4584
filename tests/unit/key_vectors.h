/*
 * Odd keys, made with big integers alone: RSA of three primes, of a square, of a prime, with an
 * unusual exponent; points of curves.
 */
#ifndef UNIT_KEY_VECTORS_H
#define UNIT_KEY_VECTORS_H

#define RSA3_N \
	"a3bef806825583c90b890a46244e8c8c9899df4b242394f96067830d5651242af995838f03d3455b" \
	"ab5307da44c95c9ac743fac37ba36c3ec0ec875ed425eccd1183bfa0ea6cc6e87cc378d1f7c5830a" \
	"062022c5a8fbc9789d517fc5e8e04f5d"
#define RSA3_D \
	"192ec27845cd1f02695abf10c07eb010e35b2ec320a0b44591f4f96bb0adb3f0ebcaecdf5923be25" \
	"a1d408dd18406efbb67fa167be959edaf1d50088d51ef56a8c8280de96a92c9bd5e1080c2c79b368" \
	"84f841d4821194cc8b6257bca64b9801"
#define RSASQ_N \
	"baac82040ede55a38cd672dca4399d05d19d11c2359a5dd5acf79a427842f804a58293c9a1c195b6" \
	"d2b99f93e2c57007d0c93aac9f2c05a09f798121a1b9f8a1"
#define RSASQ_P \
	"da9b178507fe853460bdfcdcf5018ef16978d916dedeb516f96f4b89509c882f"
#define RSASQ_D \
	"841fe97e59cfc0299c5b84bcea77e4cde3891ab2ad21ef5c77aa60c2bf40172f0804440e820e70b7" \
	"035a29d6f3fefa67d3042fadc088788294c5111e17fb9045"
#define RSAPRIME_N \
	"ec755e2a3500f12944ed05b90556cddc68f1c3b6c6f3287794623eb1c11cbe48452302f4160b187d" \
	"ac3fb4825045a2dcbb86620834b7face17a835133d5981af"
#define RSAPRIME_D \
	"9ac6d0966c0f6bcc09b3e43511cb9a009628fa64dfa13671df8cd760def9038ca6c49e204b7583d8" \
	"6f315be498ca9c2a440d5889ea882b014ff6e896e967773d"
#define RSAODD_N \
	"daf5bbfc5b7069da597ef933704817b2f4d37bcd54ad5b70fea3e989b23f6a4d8d917f6643103f9d" \
	"63a2abc1ed0f4d8e9bb65df1beebd3c715ef76b8b1857607"
#define RSAODD_E \
	"881d206537"
#define RSAODD_D \
	"6c3cd723221a35bc2f5bc2f301566caf60339da47b647226a63f2a149ab0e8b4e3b0bc148cbcca0b" \
	"ff5c050edc4d068558dd5d060065792571aa8201b43165f7"
#define RSAODD_P \
	"fe88112ffd0ba049b60204a0bb7021d5119e65630adbbc6847fe77b3e1e1fa1f"
#define RSAODD_Q \
	"dc39211be910552d758588b5448e2c5fae637e7fa17bfbd198e2bad0c21cd719"

/* secp112r2, whose points are four times as many as its order: the generator, and another one */
#define SECP112R2 "06052b81040007"
#define SECP112R2_G "044ba30ab5e892b4e1649dd0928643adcd46f5882e3747def36e956e97"
#define SECP112R2_OUTSIDE "0400000000000000000000000000057b0e5bf420ee355b7ed2b348a85f"

#endif
