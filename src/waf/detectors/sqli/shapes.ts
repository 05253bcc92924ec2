/**
 * The shapes of injected SQL: sequences of token classes that SQL fragments have and other text has not.
 *
 * How they came about (RATIONALE-detectors.md says more): sequences of up to five classes that survive folding were
 * put to `@datadog/native-appsec`, and what it flagged was generalised: numbers, strings and variables are one class
 * `V`, types and statement words one class `T`. Where the three kinds of value were judged apart, the majority holds.
 */

/** Shapes of up to three tokens, letter for letter. Most need more evidence: see `isShortAttack`. */
export const shortShapes: readonly string[] = (
  'X sc vc 1U vU ' +
  '1sv 1vs 1UE 1Uc 1U; nUE nUc nU; sUE sUc sU; vUE vUc vU; UE1 UEs UEv ' +
  '1B1 1Bn 1Bs 1Bv nBs nBv sB1 sBn sBv vB1 vBn vBs vBv ' +
  '1&1 1&s 1&v n&v s&s s&v v&1 v&n v&s v&v sov s1v s)c v)c ' +
  '1k1 1kn 1ks 1kv nk1 nkn nks nkv sk1 skn sks skv vk1 vkn vks vkv ' +
  'E1v E1) En) Es1 Esv Es) Evs Ev)'
).split(' ')

/**
 * Shapes of four and five tokens. A row: the first three classes, any of several; then what may come fourth (any of
 * the letters before `>`) and fifth (any of the letters after it, `.` for nothing).
 */
export const longShapes = String.raw`
  &(1 &(n | o>(Vf )>Uo
  &(V | o>(Vfn )>Uo
  &(f 1sf 1vf EVf Enf T(f Tnf UEf V,f VAf VBf VEf VTf VUf Vkf k(f nAf nBf nEf nTf nUf nkf s1f svf | (>)1Vfn
  &VU &nU VkU nkU | E>(Vfkn
  &Vo | f>( Vn>(Uf (>1Vfn s>1v v>s 1>sv
  &f( | f>( 1Vn>)o )>Uo
  &no | f>( V>(Uf (>1Vf s>1v v>s
  )&( | E>kn
  )UE | f>( k>(Vfn (>1Vfn Vn>ko
  1sU 1vU nVU s1U svU | E>.;ck
  1sv E1v Esv n1v | o>(Vf c>. ;>.c
  1vo svo | f>( V>(Uf (>1Vfn s>1v
  1vs Evs svs | o>(Vfn c>. ;>.c
  ;T( | E>fk
  ;Tk | n>c
  E(1 | )>&,;BUVcfkno f>( o>(Vf &>(Vfn ns>) v>)o ,>f
  E(E | Vn>&)o f>( k>(Vfn (>1EVfn
  E(V | )>&,;BUVcfkno f>( &o>(Vfn ,>f
  E(f V&f Vof f(f n&f | (>)1EVfn
  E(n | )>&,;BUVcfkno f>( o>(Vf &>(Vfn (>1Vf ,>f
  E(s T(s | 1>) v>)o
  E(v | s>)o
  E1s Es1 n1s s1s | c>. ;>.c
  EE( | f>(
  EEk V)f n)f | (>f
  EV& En& | f>( Vn>)o (>1EVfn
  EV) En) | ;>(.ETc &o>(Vfn c>. U>E k>n
  EV, kV, kn, | f>( (>1Vfn
  EV; En; Eok V(U VUk nUk | (>E
  EVB EnB | f>( Vn>)o (>1Vfn
  EVU EnU V)U n)U | E>(Vfkn (>E
  EVk | f>( n>).;Uck V>)ko (>1EVfn
  EVn | c>. ;>.c )>U
  EVo | Vn>&(),;BUfk f>( (>1EVfn s>1v v>s 1>sv
  Ef( | 1V>&),o )>&,;BUVfkno n>&,o f>( E>(Vfkn o>)
  Ek( | 1>&(),fnosv Vn>&(),fo f>( E>(Vfkn s>1v v>s
  Ek1 | s>.;cfk v>.;cfko
  EkE | k>( (>f
  EkV | )>&.;Ucko ;f>( U>(E &Bko>(Vfn ,>(f
  Ekf | (>)1EVfno
  Ekn | )>&.;Ucko ;f>( U>(E k>(Vf &B>(Vfn ,>(f (>1Vf
  Eko | k>(n (>1Vfn
  Eks | 1>.;cfk v>.;cfko
  Ekv | s>.;cfko
  En( | f>( V>)o 1>o
  En, TVf V), n), | (>1Vfn
  Enk | f>( n>),;Uc V>)ko (>1EVf
  Eno | V>&(),;BUfk f>( (>1EVfn s>1v v>s
  T(1 | f>( o>(Vf ns>) v>)o )>fo
  T(V | f>( o>(Vfn n>)o )>fo
  T(n | f>( o>(Vf Vn>)o (>1Vf )>fo
  T(v | v>) s>)o
  TVo | f>( (>1Vfn Vn>f
  Tf( | f>( 1Vn>)o )>fo
  Tn( | f>( 1V>)o
  TnV | o>(Vfn ;>.c
  Tnn s1v | o>(Vf ;>.c
  Tno | f>( (>1Vfn V>f
  U(E | f>( k>(Vfno n>)ko V>)o (>1Vfkn o>k
  UE( | f>( 1Vn>),o
  UEV | ko>(Vfn ,>(f c>. ;>.c
  UEk | f>( n>(,.;ck V>,.;cko (>1Vfn
  UEn | o>(Vf k>(Vfn ,>(f (>) c>. ;>.c
  Uf( | f>( 1Vn>o
  V&( | 1Vn>&),o f>( E>(Vfkno
  V&E | f>( k>(Vfn Vn>.;cko (>1Vfno
  V&V | )>&Uco f>( U>(.;Ec Bko>(Vfn c>. ;>.ETc E>kn T>n
  V&k | f>( o>(Vfkn c>. (>1Vfn n>k V>o
  V&n | )>&Uco f>( U>(.;Ec o>(Vf Bk>(Vfn c>. ;>.ETc ET>n
  V&s n&s | 1>.;c v>.;co
  V&v n&v | s>.;co
  V(E | f>( k>fn n>k
  V)& | f>( Vn>).;BUcfo (>1EVfn
  V); n); | ET>(Vfkno
  V)B n)B | Vn>&.;Ucko f>( (>1Vfn
  V)E n)E | f>( k>(Vfn (>1Vfn Vn>co
  V)k n)k | n>&;BEUck V>&;BEUo f>( B>(Vfn (>1Vfn U>E
  V)o | V>&).;BUck n>&);BUck f>( (>1EVfn
  V,( VU( | f>( E>(Vfkn 1Vn>)o
  V;E n;E | f>( k>(Vfno n>,;ETcko V>,;Tcko (>1EVfn
  V;T | fo>( n>(,;ETVcfkno V>(,;Tcfko k>(Vfkno ;>.c (>1EVcfn T>n
  V;n n;n | :>T
  VA( nA( | f>( Vn>)o
  VAT VAV nAT nAV | o>(Vfn U>E
  VB( nE( | f>( 1V>)o n>o
  VBE nBE | k>( (>1Vfn
  VBV nBV | U>(E &Bko>(Vfn ,>(f c>. ;>.c
  VBn | U>(E o>(Vf &Bk>(Vfn ,>(f c>. ;>.c
  VE( VT( Vk( nT( | f>( 1Vn>)o
  VEU nEU | f>( V>,co (>1Vfn E>fk
  VEV nEV | To>(Vfn c>. U>E ;>T
  VEk | f>( U>(EVf (>1EVfn n>;ETUc V>;TUco o>k
  VEn | o>(Vf T>(Vfn c>. U>E ;>T E>n
  VEo nEo | k>n
  VTE | f>( k>(Vfn (>1Vfn Vn>no
  VTT | n>ETkn
  VTV nTV | o>(Vfn (>f
  VTn | f>( o>(Vf ET>(Vfn (>1Vf n>:co ;>ETn V>co
  VU; nU; s1n | c>.
  VUE | n>n
  VUE nUE | n>&(),.;BUVcfko V>&(),.;BUcfkno f>(,.;c k>(.;Vcfno c>. ;>.c (>1EVfno s>1v o>kn v>s 1>sv
  VUT nUT | n>(Vfn
  VUV nUV | o>(Vfn ,>(f c>.
  VUo nUo | n>(Vf (>E
  Vf( | f>( E>(Vfkn n>),o 1>)no V>)o )>UVfkno
  Vk) nk) | f>( E>(Vfkn &B>(Vfn o>(f U>E ;>ET
  VkV nkV | U>(E E>(Vfkn &Bo>(Vfn c>. ;>.ETc
  Vkn | U>(E &>(Vf BE>(Vfn c>. ;>.ETc
  Vo( | 1V>&),o n>&,o f>( E>(EVfkno
  Vo1 | v>(Ufos s>Uv
  VoU noU | (>E E>kn
  VoV | )>&,;BEUcfko f>( k>()BUVfn U>(.;ETVcfko T>(ETVfn &>(EUVfkn B>(EVfn A>(TVf E>(UVfkno ,>(f c>. ;>.ETcn (>EU
  Vok | f>( &>(Vfn (>1Vfn n>c V>co
  Von | )>&,BEUcfko f>( k>()BUVf U>(.;ETVcfko T>(ETVfn &>(EUVfk B>(EVfn A>(TVf E>(UVfno ,>(f ;>.ETc (>EUVf V>U 1>v
  Vos nos | 1>(Ufnsv v>(Ufos
  Vov nov | s>(1Ufov
  f() | n>&(),EUfo f>( k>()UVfn U>(.;ETVcfko T>(ETVfn &>(EVfkn B>(EVfn A>(TVf o>(UVfkn E>(UVfkno V>(Ufo ,>(Vfn c>. s>1v ;>ETn v>s 1>sv
  f(1 | )>&,;ABETUVcfkno o>(Vf &>(Vfn ,>(f
  f(E | Vn>&)ko f>( k>(Vfno (>1EVfn o>k
  f(T | ,>(f
  f(V | )>&,.;ABETUVcfkno &o>(Vfn ,>(f
  f(k | ,>(f (>)
  f(n | )>&,;ABETUVcfn o>(Vf &>(Vfn ,>(f
  k(1 | o>(Vf )>,Ako
  k(V | o>(Vfn )>,Ako
  k(n | o>(Vf )>,Ak
  kVA knA | f>( (>Vfn V>o
  kVk | f>( (>1Vfn n>U V>Uo
  kVo | f>( Vn>(,Afk (>1Vfn s>1v v>s 1>sv
  kf( | f>( 1Vn>)o )>,Ako
  knk | f>( (>1Vf n>U V>Uo
  n&( | 1V>&),o f>( E>(Vfkno n>,
  n&E | f>( k>(Vfn V>.;cko (>1Vfno n>;cko
  n&V | )>&Uco f>( U>(.;Ec o>(Vf Bk>(Vfn c>. ;>.ETc E>kn T>n
  n&k | f>( o>(Vfkn c>. (>1Vfn V>o
  n&n | f>( U>(.;Ec Bk>(Vf ;>ETc )>Uc o>V
  n)& | f>( Vn>).;BUcfo (>1EVf
  n)o | V>&);BUck n>&)BUk f>( (>1EVf
  n,( | f>( E>(Vfkn 1V>)o n>o
  n,f | (>)Vfn
  n;T | fo>( n>(,;ETVcfkno V>(,;Tcfko k>(Vfko ;>.c (>1EVcfn T>n
  nB( | 1V>&)o n>&o f>(
  nBn | U>(E &ko>(Vf B>(Vfn ,>(f c>. ;>.c
  nEn | To>(Vf U>E ;>T
  nTE | f>( k>(Vfn (>1Vfn V>no n>o
  nTT | n>ETk
  nTn | f>( ETo>(Vf (>1Vf ;>ETn n>c V>co
  nU( | f>( E>(Vfkn V>)o 1n>o
  nVo | Vn>U v>s
  nf( | f>( E>(Vfkn V>)o n>,o )>UVfkno 1>o
  nk( | f>( V>)o 1n>o
  nkn | U>(E &>(V E>(Vf B>(Vfn ;>ETc
  no( | 1>&, V>&,o f>( E>(EVfkno
  noV | )>&,;BEUcfko f>( k>()BUVfn U>(.;ETVcfko T>(ETVfn &>(EUVfkn B>(EVfn A>(TVf E>(UVfkno ,>(f c>. ;>ETc (>EU
  nof | (>)EVf
  nok | &f>( (>V n>c V>co
`
